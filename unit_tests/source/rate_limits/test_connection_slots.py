"""How many requests run at once."""

from __future__ import annotations

import threading

import pytest

from source_mixpanel_parallel.rate_limits.connection_slots import ConnectionSlots


def free(slots: ConnectionSlots) -> int:
    """Return how many slots can be taken at once; takes them."""
    taken, changed = [0], threading.Condition()

    def take() -> None:
        while True:
            slots.acquire()
            with changed:
                taken[0] += 1
                changed.notify_all()

    threading.Thread(target=take, daemon=True).start()
    with changed:
        while changed.wait_for(lambda before=taken[0]: taken[0] > before, 0.05):  # type: ignore[misc] # bound now
            pass
        return taken[0]


@pytest.mark.parametrize(
    ("limit", "provided", "expected"),
    [(40, [], 0), (40, [3], 3), (40, [3, 2], 3), (40, [3, 5], 5), (4, [3, 100], 4), (1, [40, 40], 1), (40, [0], 0)],
)
def test_slots_when_streams_provide_them(limit: int, provided: list[int], expected: int) -> None:
    """There are as many as the stream with the largest plan can use, up to the limit."""
    slots = ConnectionSlots(limit, threading.Event())
    for connections in provided:
        slots.provide(connections)
    assert free(slots) == expected


def test_slots_when_one_is_given_back() -> None:
    """A slot that was given back can be taken again."""
    slots = ConnectionSlots(2, threading.Event())
    slots.provide(2)
    slots.acquire()
    slots.acquire()
    slots.release()
    assert free(slots) == 1


def test_slots_when_the_sync_is_stopped() -> None:
    """Who waits for a slot that nobody gives back goes on, to find that the sync is stopped."""
    stop = threading.Event()
    slots = ConnectionSlots(1, stop)
    waiting = threading.Thread(target=slots.acquire, daemon=True)
    waiting.start()
    stop.set()
    waiting.join(10)
    assert not waiting.is_alive()
