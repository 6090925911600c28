"""Which pages are asked for, once page 0 has spoken, and what the state says of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from airbyte_cdk.models import Level
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_mixpanel_parallel.components.profiles.cursor import PageCursor
from source_mixpanel_parallel.components.profiles.news import News
from source_mixpanel_parallel.errors import ConfigError, Refused, SessionExpired, SourceError, TransientError
from unit_tests.source.profile_reads import (
    APPENDING,
    INCREMENTAL,
    configured,
    cursor_of,
    facts_of,
    page_of,
    requests_of,
)


def asked(cursor: PageCursor, total: int) -> list[tuple[int, str]]:
    return [(request.page, request.session_id) for request in requests_of(cursor, total)]


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (10, 1), (11, 2), (20, 2), (600, 60)])
def test_slices_when_page_0_was_read(total: int, pages: int) -> None:
    """Page 0 is asked for once, without a session; the others with the session it gave, each once, in order."""
    cursor = cursor_of()
    assert asked(cursor, total) == [(0, ""), *((page, "s-1") for page in range(1, pages))]
    assert cursor.total_pages == pages


def test_slices_when_a_slice_is_written_down() -> None:
    """The page and the session are what the manifest's request is made of."""
    cursor = cursor_of()
    assert dict(next(iter(cursor.stream_slices()))) == {"page": 0, "session_id": ""}


def test_slices_when_page_0_failed() -> None:
    """Nobody knows of other pages, so none is asked for, and nobody waits for them."""
    cursor = cursor_of()
    slices = iter(cursor.stream_slices())
    request = next(slices).extra_fields["request"]
    assert cursor.failed(request, TransientError("cut")) == [0]
    cursor.ended(request)
    with pytest.raises(AirbyteTracedException) as raised:
        next(slices)
    assert raised.value.message == ("profiles: page 0 could not be read: cut. The next sync reads the missing pages.")


def test_slices_when_all_connections_are_taken() -> None:
    """At most as many pages are under way as there are connections; a page that ends lets the next begin."""
    cursor = cursor_of(workers=2)
    taken: list[Any] = []
    changed = threading.Condition()

    def take(slices: Iterator[Any]) -> None:
        for page in slices:
            with changed:
                taken.append(page.extra_fields["request"])
                changed.notify_all()

    def has_taken(count: int) -> bool:
        with changed:
            return changed.wait_for(lambda: len(taken) >= count, 10) and len(taken) == count

    thread = threading.Thread(target=take, args=[iter(cursor.stream_slices())])
    thread.start()
    assert has_taken(1)
    cursor.arrived(taken[0], page_of(0, 40), facts_of(40))
    cursor.ended(taken[0])
    assert has_taken(3)
    with changed:
        assert not changed.wait_for(lambda: len(taken) > 3, 0.05)
    cursor.ended(taken[1])
    assert has_taken(4)
    cursor.ended(taken[2])
    cursor.ended(taken[3])
    thread.join(10)
    assert [request.page for request in taken] == [0, 1, 2, 3]


def test_slices_when_the_sync_is_stopped() -> None:
    """Pages that are not asked for any more make the stream INCOMPLETE: a part must not pass for the whole."""
    cursor = cursor_of()
    slices = iter(cursor.stream_slices())
    request = next(slices).extra_fields["request"]
    cursor.arrived(request, page_of(0, 40), facts_of(40))
    cursor.context.stop.set()
    cursor.ended(request)
    with pytest.raises(AirbyteTracedException, match="profiles: the sync was stopped before all pages were read"):
        next(slices)


def test_slices_when_distinct_ids_are_many() -> None:
    """Each 2,000 ids have a page 0 and pages of their own; indices are counted over all of them."""
    ids = [f"user-{number}" for number in range(4_001)]
    cursor = cursor_of(profiles={"distinct_ids": ids})
    requests = requests_of(cursor, 20)
    labels = [request.session.selection.label for request in requests]
    first, second, third = (f"distinct_ids {ids}" for ids in ("1 to 2,000", "2,001 to 4,000", "4,001 to 4,001"))
    assert sorted(zip(labels, [request.page for request in requests], strict=True)) == sorted(
        (label, page) for label in (first, second, third) for page in (0, 1)
    )
    assert sorted(cursor.index(request) for request in requests) == [0, 1, 2, 3, 4, 5]
    assert cursor.total_pages == 6


def test_failure_when_several_pages_failed() -> None:
    """One error names all pages, after the others were read."""
    error = TransientError("Mixpanel answered 500")
    message, failed = read_with_failures(cursor_of(), 70, {3: error, 5: error})
    assert message.startswith("profiles: pages 3, 5 could not be read: Mixpanel answered 500")
    assert failed == [3, 5]


def test_failure_when_a_request_is_refused() -> None:
    """One page may be refused for itself; after a second the pages left are failed without being asked for."""
    refused = Refused("402")
    message, failed = read_with_failures(cursor_of(), 40, {1: refused})
    assert (message, failed) == ("profiles: page 1 could not be read: 402", [1])
    message, failed = read_with_failures(cursor_of(), 60, {1: refused, 3: refused})
    assert (message, failed) == ("profiles: pages 1, 3, 4, 5 could not be read: 402", [1, 3, 4, 5])


def test_failure_when_many_pages_failed() -> None:
    """The sentence names some, the result all."""
    message, failed = read_with_failures(cursor_of(), 400, {1: Refused("402"), 2: Refused("402")})
    assert "18, 19, 20 and 19 more could not be read" in message
    assert failed == list(range(1, 40))


def read_with_failures(cursor: PageCursor, total: int, errors: Mapping[int, SourceError]) -> tuple[str, list[int]]:
    """Read all pages, of which some fail; return the message of the error at the end, and the failed indices."""
    slices = iter(cursor.stream_slices())
    failed: list[int] = []
    while True:
        try:
            request = next(slices).extra_fields["request"]
        except AirbyteTracedException as error:
            return str(error.message), failed
        if request.page in errors:
            failed += cursor.failed(request, errors[request.page])
        else:
            cursor.arrived(request, page_of(request.page, total), facts_of(total) if request.page == 0 else None)
        cursor.ended(request)


def test_news_when_pages_are_known() -> None:
    """The number of pages is said before they are asked for; above 48, that the hour's quota may bind."""
    for total, pages in ((480, 48), (490, 49), (1810, 181)):
        cursor = cursor_of()
        request = next(iter(cursor.stream_slices())).extra_fields["request"]
        news = cursor.arrived(request, page_of(0, total), facts_of(total)).news
        expected = [News(Level.INFO, f"{total:,} profiles in {pages} pages of 10")]
        if pages > 48:
            hours = {49: 1, 181: 3}[pages]
            text = (
                f"{pages} pages are needed, and Mixpanel allows 60 requests an hour: if it counts pages after the "
                f"first, this read will wait about {hours} h. A larger page_size needs fewer"
            )
            expected.append(News(Level.WARN, text))
        assert news == expected


def test_news_when_profiles_changed_during_the_read() -> None:
    """Both numbers are told, and how many profiles came twice."""
    cursor = cursor_of()
    slices = iter(cursor.stream_slices())
    first = next(slices).extra_fields["request"]
    cursor.arrived(first, page_of(0, 20), facts_of(20))
    assert cursor.ended(first) == []
    second = next(slices).extra_fields["request"]
    cursor.arrived(second, page_of(0, 3), None)
    assert [(news.level, news.text) for news in cursor.ended(second)] == [
        (Level.WARN, "13 profiles arrived, though Mixpanel's total was 20: profiles changed during the read"),
        (Level.WARN, "3 of 13 profiles arrived twice, with the same distinct_id on two pages"),
    ]


def test_session_when_it_expires_twice() -> None:
    """It is renewed once; then the page fails, and with it those that would need the session, unasked."""
    cursor = cursor_of()
    slices = iter(cursor.stream_slices())
    first = next(slices).extra_fields["request"]
    cursor.arrived(first, page_of(0, 40), facts_of(40))
    cursor.ended(first)
    lost = next(slices).extra_fields["request"]
    assert cursor.expired(lost, "gone") is not None
    cursor.ended(lost)
    renewal = next(slices).extra_fields["request"]
    assert (renewal.page, renewal.session_id, renewal.is_renewal) == (0, "", True)
    assert cursor.arrived(renewal, page_of(0, 40), facts_of(40, "s-2")).request is None
    cursor.ended(renewal)
    again = next(slices).extra_fields["request"]
    assert (again.page, again.session_id) == (1, "s-2")
    assert cursor.expired(again, "gone") is None
    assert cursor.failed(again, SessionExpired("gone")) == [1, 2, 3]
    cursor.ended(again)
    with pytest.raises(AirbyteTracedException, match="profiles: pages 1, 2, 3 could not be read: gone"):
        next(slices)


def test_session_when_it_starts_over_after_a_failed_page() -> None:
    """A page that failed before is asked for again with the others, and its failure forgotten."""
    cursor = cursor_of()
    slices = iter(cursor.stream_slices())
    first, failing = next(slices).extra_fields["request"], None
    cursor.arrived(first, page_of(0, 30), facts_of(30))
    cursor.ended(first)
    failing = next(slices).extra_fields["request"]
    assert cursor.failed(failing, TransientError("cut")) == [1]
    cursor.ended(failing)
    lost = next(slices).extra_fields["request"]
    assert cursor.expired(lost, "gone") is not None
    cursor.ended(lost)
    renewal = next(slices).extra_fields["request"]
    assert cursor.arrived(renewal, page_of(0, 20), facts_of(20, "s-2")).request is not None
    cursor.ended(renewal)
    rest = [stream_slice.extra_fields["request"] for stream_slice in _ended(cursor, slices)]
    assert [(request.page, request.session_id, request.passing) for request in rest] == [(1, "s-2", 1)]
    assert cursor.total_pages == 2


def _ended(cursor: PageCursor, slices: Iterator[Any]) -> Iterator[Any]:
    for stream_slice in slices:
        request = stream_slice.extra_fields["request"]
        cursor.arrived(request, page_of(request.page, 20), None)
        cursor.ended(request)
        yield stream_slice


def test_state_when_pages_are_read() -> None:
    """Mid-way it says which pages of which session are emitted; at the end there is nothing to go on from."""
    cursor = cursor_of()
    requests_of(cursor, 40, until=2)
    reading = cursor.state["reading"]
    assert reading["sessions"] == [
        {"session_id": "s-1", "total": 40, "page_size": 10, "finished_pages": [[0, 1]], "rows": 20}
    ]
    whole = cursor_of()
    requests_of(whole, 40)
    assert whole.state == {"__ab_no_cursor_state_message": True}


@pytest.mark.parametrize(
    ("entry", "goes_on"),
    [
        (None, False),
        (configured(), False),
        (configured(generation_id=3, minimum_generation_id=3), True),
        (configured(generation_id=4, minimum_generation_id=4), False),
        (APPENDING, True),
        (INCREMENTAL, True),
    ],
    ids=["no catalog", "overwrite", "same generation", "next generation", "append", "incremental"],
)
def test_state_when_a_read_goes_on(entry: Any, goes_on: bool) -> None:
    """Pages that were emitted are not asked for again, unless the destination has thrown their rows away."""
    generation = configured(generation_id=3, minimum_generation_id=3)
    first = cursor_of(entry=generation if entry and entry.generation_id else entry)
    requests_of(first, 40, until=2)
    second = cursor_of(first.state, entry)
    rest = [(2, "s-1"), (3, "s-1")]
    assert asked(second, 40) == (rest if goes_on else [(0, ""), (1, "s-1"), *rest])


def test_state_when_a_generation_is_complete() -> None:
    """An attempt after one that read everything asks for nothing; the next generation is read."""
    entry = configured(generation_id=3, minimum_generation_id=3)
    first = cursor_of(entry=entry)
    requests_of(first, 40)
    assert first.state == {"__ab_full_refresh_sync_complete": True, "generation_id": 3}
    second = cursor_of(first.state, entry)
    assert (asked(second, 40), second.state) == ([], first.state)
    third = cursor_of(first.state, configured(generation_id=4, minimum_generation_id=4))
    assert len(asked(third, 40)) == 4


def test_state_when_parameters_changed_in_the_middle() -> None:
    """A session belongs to what it was opened for: with other parameters the read begins anew."""
    first = cursor_of(entry=APPENDING)
    requests_of(first, 40, until=2)
    second = cursor_of(first.state, APPENDING, profiles={"where": "1 == 1"})
    assert len(asked(second, 40)) == 4


def test_state_when_incremental() -> None:
    """`last_seen` is the latest time that has come, once every page is emitted; before, it is the earlier one."""
    cursor = cursor_of(entry=INCREMENTAL)
    requests_of(cursor, 40, "2026-01-01T10:00:00", until=3)
    assert "last_seen" not in cursor.state
    whole = cursor_of(entry=INCREMENTAL)
    requests_of(whole, 40, "2026-01-01T10:00:00")
    assert whole.state["last_seen"] == "2026-01-01T10:00:00"
    later = cursor_of(whole.state, INCREMENTAL)
    requests = requests_of(later, 40, "2026-01-02T10:00:00", until=3)
    assert requests[0].session.selection.form == {
        "where": 'properties["$last_seen"] >= "2026-01-01T09:00:00" or not defined(properties["$last_seen"])'
    }
    assert later.state["last_seen"] == "2026-01-01T10:00:00"


def test_state_when_a_profile_was_seen_in_the_future() -> None:
    """The state does not pass the read's beginning: what happens from then on belongs to the next sync."""
    cursor = cursor_of(entry=INCREMENTAL)
    requests_of(cursor, 10, "2999-01-01T00:00:00")
    assert "2026-01-01T00:00:00" < cursor.state["last_seen"] < "2999-01-01T00:00:00"


def test_state_when_incremental_parameters_changed() -> None:
    """Profiles that match now may have been seen long ago, so all are read, and the log says so."""
    state = {"last_seen": "2026-01-01T10:00:00", "asked": "other"}
    cursor = cursor_of(state, INCREMENTAL)
    assert [news.level for news in cursor.news()] == [Level.WARN]
    assert requests_of(cursor, 10)[0].session.selection.form == {}


@pytest.mark.parametrize("parameters", [{"cohort_id": 3}, {"behaviors": [{"name": "a"}], "where": "1 == 1"}])
def test_cursor_field_when_time_alone_changes_who_matches(parameters: dict[str, Any]) -> None:
    """Members of a cohort come and go without being seen, so such streams are read whole only."""
    assert cursor_of().cursor_field == "last_seen"
    assert cursor_of(profiles=parameters).cursor_field is None


@pytest.mark.parametrize(
    "state",
    [
        {"last_seen": "yesterday"},
        {"last_seen": 5},
        {"reading": {}},
        {"reading": {"asked": "", "started_s": 1, "started": "x", "sessions": []}},
        {"reading": {"asked": "", "started_s": 1, "started": "", "sessions": [{"session_id": "s-1"}]}},
    ],
    ids=str,
)
def test_state_when_it_is_damaged(state: dict[str, Any]) -> None:
    """A state that is none of ours is named, with what to do."""
    with pytest.raises(ConfigError, match=r"^the state of stream profiles is not one of this connector \(.*reset"):
        cursor_of(state, INCREMENTAL)


@pytest.mark.parametrize(
    "damage",
    [{"finished_pages": [[0, 4]]}, {"finished_pages": [[2, 1]]}, {"finished_pages": [[0]]}, {"page_size": 0}],
    ids=str,
)
def test_state_when_a_session_is_damaged(damage: dict[str, Any]) -> None:
    """Pages that can't be are named, and never taken for pages that came."""
    first = cursor_of(entry=APPENDING)
    requests_of(first, 40, until=2)
    state = first.state
    state["reading"]["sessions"][0].update(damage)
    with pytest.raises(ConfigError, match=r"^the state of stream profiles is not one of this connector \(.*reset"):
        cursor_of(state, APPENDING)


def test_state_when_a_selection_was_lost() -> None:
    """A read that has fewer sessions than selections is begun anew."""
    first = cursor_of(entry=APPENDING)
    requests_of(first, 40, until=2)
    state = first.state
    state["reading"]["sessions"] *= 2
    assert len(asked(cursor_of(state, APPENDING), 40)) == 4
