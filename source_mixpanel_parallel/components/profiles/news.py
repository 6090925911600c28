"""Log messages of a read of profiles: expected duration, sessions, and what arrived.

In: facts; out: sentences with their level. The caller adds the stream's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airbyte_cdk.models import Level

from source_mixpanel_parallel.components.profiles.session import Opening, PageSession
from source_mixpanel_parallel.rate_limits.limits import QUERY_HOURLY_REQUESTS, RESERVED_REQUESTS

UNTROUBLED_PAGES = QUERY_HOURLY_REQUESTS - RESERVED_REQUESTS
NAMED_PAGES = 20  # the result line has all


@dataclass(frozen=True, slots=True)
class News:
    """A sentence for the log."""

    level: Level
    text: str


def beginning_news(sessions: Sequence[PageSession], is_changed: bool) -> list[News]:
    """Return what is known before the first request."""
    news = []
    if is_changed:
        text = (
            "the parameters have changed since the last sync, so all profiles are read again, regardless of last_seen"
        )
        news.append(News(Level.WARN, text))
    if len(sessions) > 1:
        news.append(News(Level.INFO, f"distinct_ids need at least {len(sessions)} requests"))
    for session in sessions:
        if session.is_resumed:
            done, pages = len(session.emitted), session.pages
            text = f"resuming an earlier read{_of(session)}: {done:,} of {pages:,} pages already emitted"
            news.append(News(Level.INFO, text))
    return news


def opening_news(session: PageSession, opening: Opening, total_pages: int) -> list[News]:
    """Return what page 0 shows, and how long the read may take; *total_pages* counts the pages of all sessions."""
    facts = session.facts
    assert facts is not None
    size = f"{facts.total:,} profiles{_of(session)} in {_pages(facts.pages)} of {facts.page_size:,}"
    if opening is Opening.SAME:
        text = f"the new session has the same size, {size}: pages already read are not requested again"
        return [News(Level.INFO, text)]
    if opening is Opening.OVER:
        text = (
            f"the new session has different pages, so the read{_of(session)} starts over: {size}. "
            "Profiles already emitted in this sync are not emitted again"
        )
        return [News(Level.WARN, text)]
    news = [News(Level.INFO, size)]
    if total_pages > UNTROUBLED_PAGES >= total_pages - facts.pages + 1:
        hours = max((total_pages - 1) // QUERY_HOURLY_REQUESTS, 1)
        text = (
            f"{total_pages:,} pages are needed, and Mixpanel allows {QUERY_HOURLY_REQUESTS} requests an hour: if it "
            f"counts pages after the first, this read will wait about {hours:,} h. A larger page_size needs fewer"
        )
        news.append(News(Level.WARN, text))
    return news


def expiry_news(session: PageSession, page: int, detail: str) -> News:
    """Return that a page's session has expired, and what happens next."""
    if session.is_resumed:
        text = (
            f"{name_of(session, page)}: the session of the earlier read has expired ({detail}). The read restarts from "
            "page 0 and emits its rows again, to be merged by distinct_id"
        )
    else:
        text = f"{name_of(session, page)}: the session has expired ({detail}). Requesting page 0 again for a new one"
    return News(Level.WARN, text)


def counting_news(pages_left: int) -> News:
    """Return that pages after the first count toward the hourly quota, as a 429 has shown."""
    hours = pages_left // QUERY_HOURLY_REQUESTS + 1
    text = (
        f"Mixpanel counts pages after the first toward its {QUERY_HOURLY_REQUESTS} requests per hour. From now on they "
        f"wait for the quota: the remaining {_pages(pages_left)} will take about {hours:,} h"
    )
    return News(Level.WARN, text)


def arrival_news(sessions: Sequence[PageSession]) -> list[News]:
    """Compare the profiles that arrived with Mixpanel's total, at the end of the read."""
    total = sum(session.facts.total for session in sessions if session.facts)
    rows = sum(session.rows for session in sessions)
    duplicates = sum(session.seen.duplicates() for session in sessions)
    news = []
    if rows != total:
        text = f"{rows:,} profiles arrived, though Mixpanel's total was {total:,}: profiles changed during the read"
        news.append(News(Level.WARN, text))
    if duplicates:
        text = f"{duplicates:,} of {rows:,} profiles arrived twice, with the same distinct_id on two pages"
        if any(session.was_renewed for session in sessions):
            text += "; since the session was renewed in between, as many others may be missing until the next sync"
        news.append(News(Level.WARN, text))
    return news


def failure_sentence(pages: Sequence[int], reason: str) -> str:
    """Name the pages that failed."""
    named = ", ".join(map(str, pages[:NAMED_PAGES]))
    if len(pages) > NAMED_PAGES:
        named += f" and {len(pages) - NAMED_PAGES:,} more"
    return f"{'page' if len(pages) == 1 else 'pages'} {named} could not be read: {reason}"


def name_of(session: PageSession, page: int) -> str:
    """Name a page of one of several selections, or of the only one."""
    return f"page {page}{_of(session)}"


def _of(session: PageSession) -> str:
    return f" of {session.selection.label}" if session.selection.label else ""


def _pages(count: int) -> str:
    return f"{count:,} page" if count == 1 else f"{count:,} pages"
