"""A session that expires while pages are under way: which are asked for again, and which are not wanted any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from source_mixpanel_parallel.components.profiles.news import arrival_news
from source_mixpanel_parallel.components.profiles.page import ProfilePage
from source_mixpanel_parallel.components.profiles.page_fetch import facts_of as facts_on
from source_mixpanel_parallel.components.profiles.page_set import PageSet
from source_mixpanel_parallel.components.profiles.session import Opening, PageFacts, PageRequest, PageSession
from source_mixpanel_parallel.config.profile_parameters import Selection
from source_mixpanel_parallel.errors import IncompleteAnswer
from unit_tests.source.profile_reads import facts_of, page_of


def under_way(total: int, count: int) -> tuple[PageSession, list[PageRequest]]:
    """Return a session whose page 0 has come, and its next pages, asked for."""
    session = PageSession(Selection({}))
    first = session.take()
    assert session.opened(facts_of(total)) is Opening.FIRST
    session.arrived(first, 10, page_of(0, total).hashes)
    return session, [session.take() for _ in range(count)]


def renewed(session: PageSession, facts: PageFacts) -> Opening:
    """Ask for page 0 again, and let it say *facts*."""
    assert session.take().is_renewal
    return session.opened(facts)


def rest_of(session: PageSession) -> list[tuple[int, str]]:
    """Take every page that is left."""
    requests = []
    while session.has_request:
        requests.append(session.take())
    return [(request.page, request.session_id) for request in requests]


def test_session_when_several_pages_lose_it() -> None:
    """Page 0 is asked for once; each page goes back, whether it fails before, during or after the renewal."""
    session, (early, middle, late) = under_way(60, 3)
    assert session.expired(early)
    renewal = session.take()
    assert session.expired(middle)
    assert not session.has_request
    assert (renewal.page, session.opened(facts_of(60, "s-2"))) == (0, Opening.SAME)
    assert session.expired(late)
    assert rest_of(session) == [(1, "s-2"), (2, "s-2"), (3, "s-2"), (4, "s-2"), (5, "s-2")]


def test_session_when_a_page_of_the_old_one_comes_after_all() -> None:
    """If the new session has the same pages, the page counts as one that came."""
    session, (lost, slow) = under_way(40, 2)
    assert session.expired(lost)
    assert renewed(session, facts_of(40, "s-2")) is Opening.SAME
    assert session.arrived(slow, 10, page_of(2, 40).hashes)
    assert rest_of(session) == [(1, "s-2"), (3, "s-2")]
    assert session.rows == 20


OTHER: list[Callable[[], PageFacts]] = [
    lambda: facts_of(41, "s-2"),
    lambda: PageFacts(40, 20, "s-2"),
    lambda: facts_of(40, "s-2", fingerprint=1),
]


@pytest.mark.parametrize("facts", OTHER, ids=["total", "page size", "order"])
def test_session_when_the_new_one_has_other_pages(facts: Callable[[], PageFacts]) -> None:
    """All pages are asked for again; what came is skipped; what still comes or expires of the old is not wanted."""
    session, (lost, slow, slower) = under_way(40, 3)
    session.finished(PageRequest(session, 0, "", 0), 10)
    assert session.expired(lost)
    assert renewed(session, facts()) is Opening.OVER
    assert session.skipped == frozenset(range(10))
    assert not session.arrived(slow, 10, page_of(2, 40).hashes)
    assert session.expired(slower)
    session.finished(slow, 10)
    assert (session.rows, len(session.emitted)) == (0, 0)
    pages = facts().pages
    assert rest_of(session) == [(page, "s-2") for page in range(1, pages)]


def test_session_when_it_was_resumed() -> None:
    """An earlier read's session that is gone means page 0 and all pages anew; that session may be renewed once more."""
    session = PageSession(Selection({}), facts=facts_of(40), is_resumed=True, emitted=PageSet([[0, 1]]))
    lost = session.take()
    assert (lost.page, lost.session_id) == (2, "s-1")
    assert session.expired(lost)
    assert renewed(session, facts_of(40, "s-2")) is Opening.OVER
    again = session.take()
    assert (again.page, again.session_id) == (1, "s-2")
    assert session.expired(again)
    assert renewed(session, facts_of(40, "s-3")) is Opening.SAME
    assert rest_of(session) == [(1, "s-3"), (2, "s-3"), (3, "s-3")]


def test_session_when_it_is_shut() -> None:
    """The pages that nobody will ask for are named once; while page 0 is under way they are not known."""
    session, (lost,) = under_way(40, 1)
    assert session.expired(lost)
    assert session.shut() == [1, 2, 3]
    assert (session.shut(), session.has_request, session.expired(lost)) == ([], False, False)
    fresh = PageSession(Selection({}))
    fresh.take()
    assert (fresh.shut(), fresh.give_up()) == ([], [])
    assert PageSession(Selection({})).shut() == [0]


def test_news_when_profiles_came_twice_under_two_sessions() -> None:
    """Then as many may be missing, and the log says so."""
    session, (lost,) = under_way(20, 1)
    assert session.expired(lost)
    assert renewed(session, facts_of(20, "s-2")) is Opening.SAME
    session.arrived(session.take(), 10, page_of(0, 20).hashes)
    assert [news.text for news in arrival_news([session])] == [
        (
            "10 of 20 profiles arrived twice, with the same distinct_id on two pages; since the session was renewed in "
            "between, as many others may be missing until the next sync"
        )
    ]


def test_facts_when_page_0_is_unlikely() -> None:
    """Without total or size the page is all there is; without a session there can be no further page."""
    page = page_of(0, 10)
    nothing = ProfilePage(10, 10, page.hashes, "", None, None, None)
    assert (facts_on(nothing).pages, facts_on(nothing).total, facts_on(nothing).session_id) == (1, 10, "")
    with pytest.raises(IncompleteAnswer, match="page 0 reports 3 pages but has no session_id"):
        facts_on(ProfilePage(10, 10, page.hashes, "", 10, 25, None))
