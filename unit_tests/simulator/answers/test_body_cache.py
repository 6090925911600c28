"""Bodies are rendered once while they are kept, and no more of them are kept than the limit says."""

from __future__ import annotations

import asyncio
import threading

import pytest

from mixpanel_simulator.answers.body_cache import BodyCache, RenderedBody, render_body


class Renderer:
    """Renders bodies of ten bytes, and counts how often."""

    def __init__(self) -> None:
        self.count = 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self) -> RenderedBody:
        self.may_go_on.wait()
        self.count += 1
        return render_body((b"0123456789",), is_gzip=False)


def test_body_is_rendered_once_when_many_ask_at_once() -> None:
    renderer = Renderer()
    renderer.may_go_on.clear()

    async def ask_at_once() -> list[RenderedBody]:
        cache = BodyCache(100)
        tasks = [asyncio.create_task(cache.body("a", renderer)) for _ in range(5)]
        await asyncio.sleep(0)
        renderer.may_go_on.set()
        return [*await asyncio.gather(*tasks), await cache.body("a", renderer)]

    bodies = asyncio.run(ask_at_once())
    assert (renderer.count, len({id(body) for body in bodies})) == (1, 1)


def test_body_used_longest_ago_goes_first_when_the_limit_is_passed() -> None:
    async def ask_in_order() -> list[int]:
        cache, counts = BodyCache(25), []
        renderers = {key: Renderer() for key in "abc"}
        for key in "abacab":
            await cache.body(key, renderers[key])
            counts.append(sum(renderer.count for renderer in renderers.values()))
        return counts

    # a, b are rendered; a is used again; c drops b; a is still there; b is rendered anew.
    assert asyncio.run(ask_in_order()) == [1, 2, 2, 3, 3, 4]


def test_body_larger_than_the_limit_is_kept_alone() -> None:
    renderer = Renderer()

    async def ask_twice() -> None:
        cache = BodyCache(1)
        await cache.body("a", renderer)
        await cache.body("a", renderer)

    asyncio.run(ask_twice())
    assert renderer.count == 1


def test_failed_rendering_is_tried_again() -> None:
    def fail() -> RenderedBody:
        raise ZeroDivisionError

    async def ask_again() -> RenderedBody:
        cache = BodyCache(100)
        with pytest.raises(ZeroDivisionError):
            await cache.body("a", fail)
        return await cache.body("a", Renderer())

    assert asyncio.run(ask_again()).pieces == (b"0123456789",)


def test_deflated_pieces_stay_in_order_when_there_are_many() -> None:
    pieces = [b"%d" % number * 100 for number in range(50)]
    body = render_body(pieces, is_gzip=True)
    assert [checksum.size_bytes for checksum in body.checksums] == [len(piece) for piece in pieces]
    assert body.plain_size_bytes == sum(map(len, pieces))
