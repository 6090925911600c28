"""One request for one window: an answer that is whole comes out as a spool, a flawed one only if the flaw lasts."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from datetime import date

import pytest
import requests_mock
from airbyte_cdk.sources.declarative.requesters import HttpRequester

from source_mixpanel_parallel.components.events.decoder import UnterminatedLine
from source_mixpanel_parallel.components.events.window_attempts import WindowAttempts
from source_mixpanel_parallel.components.events.window_fetch import FetchedWindow, WindowFetcher
from source_mixpanel_parallel.components.http.error_handler import AnswerErrorHandler
from source_mixpanel_parallel.components.read_context import ReadContext
from source_mixpanel_parallel.config.settings import Settings
from source_mixpanel_parallel.emission.rejected_line import RejectedLine
from source_mixpanel_parallel.emission.spool import Spool, SpoolLedger
from source_mixpanel_parallel.errors import IncompleteAnswer, RateLimited, TransientError
from source_mixpanel_parallel.project_time.timestamps import EventTime
from source_mixpanel_parallel.windows.date_windows import DateWindow
from unit_tests.source.export_text import data_of, event, properties_of

EXPORT = "https://data.mixpanel.com/api/2.0/export"
EVENTS = [event(), event(name='"日本"', more=[('"n"', "1.50")]), event(insert_id=None)]
BODY = b"".join(sent.line + b"\n" for sent in EVENTS)
CONFIG = {"credentials": {"username": "u", "secret": "s", "project_id": 7}}
DAYS = DateWindow(date(2026, 1, 1), date(2026, 1, 7))


class Fetches:
    """A fetcher of one stream, with a Mixpanel that answers with what it is told."""

    def __init__(self, mixpanel: requests_mock.Mocker, spool_limit_bytes: int = 1 << 30) -> None:
        self.mixpanel = mixpanel
        self.stop = threading.Event()
        self.ledger = SpoolLedger(spool_limit_bytes, self.stop)
        self.attempts = WindowAttempts(DAYS)
        requester = HttpRequester(
            name="events",
            url_base="https://data.mixpanel.com",
            path="/api/2.0/export",
            error_handler=AnswerErrorHandler(parameters={}, config={}),
            config={},
            parameters={},
            stream_response=True,
        )
        parameters = {"project_id": "7", "event": '["a"]'}
        context = ReadContext(Settings.from_config(CONFIG), self.stop, self.ledger, EventTime())
        self._fetcher = WindowFetcher("events", requester, parameters, context)

    def fetch(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> FetchedWindow:
        """Fetch the window, with *body* as the answer."""
        self.mixpanel.get(EXPORT, content=body, status_code=status, headers=headers or {})
        return self._fetcher.fetch(DAYS, self.attempts)


@pytest.fixture
def fetches() -> Iterator[Fetches]:
    with requests_mock.Mocker() as mixpanel:
        yield Fetches(mixpanel)


def lines_of(spool: Spool) -> list[bytes]:
    """Return the RECORD lines of a window, with the time of reading taken out, and close its spool."""
    lines = [line[: line.rindex(b'"emitted_at":')] + b'"emitted_at":0}}' for line in spool.lines()]
    spool.close()
    return lines


def test_fetch_when_the_answer_is_whole(fetches: Fetches) -> None:
    """The spool holds a record for each event."""
    fetched = fetches.fetch(BODY)
    assert (fetched.rows, fetched.size_bytes, fetched.rejected) == (3, len(BODY), ())
    lines = lines_of(fetched.spool)
    assert [data_of(line) for line in lines] == [sent.data for sent in EVENTS]
    assert [properties_of(line) for line in lines] == [sent.properties for sent in EVENTS]


def test_fetch_when_the_answer_is_compressed(fetches: Fetches) -> None:
    """The size is that of what came over the wire."""
    zipped = gzip.compress(BODY)
    fetched = fetches.fetch(zipped, headers={"Content-Encoding": "gzip"})
    assert (fetched.rows, fetched.size_bytes) == (3, len(zipped))
    fetched.spool.close()


def test_fetch_when_there_are_no_events(fetches: Fetches) -> None:
    """Days without events are an empty window."""
    fetched = fetches.fetch(b"")
    assert (fetched.rows, fetched.size_bytes, fetched.rejected, lines_of(fetched.spool)) == (0, 0, (), [])


def test_request_when_a_window_is_fetched(fetches: Fetches) -> None:
    """The request holds what narrows the stream."""
    fetches.fetch(b"").spool.close()
    (request,) = fetches.mixpanel.request_history
    assert request.qs == {"project_id": ["7"], "event": ['["a"]']}


def test_fetch_when_a_line_is_broken_in_two_answers(fetches: Fetches) -> None:
    """The first answer is refused; in the second the line is what Mixpanel has: kept, beside the events."""
    body = EVENTS[0].line + b"\nbroken\n" + EVENTS[1].line + b"\n"
    with pytest.raises(IncompleteAnswer, match=r"line 2 is not an event: expected \{ at character 0"):
        fetches.fetch(body)
    fetched = fetches.fetch(body)
    assert (fetched.rows, fetched.rejected) == (2, (RejectedLine(2, b"broken", "expected { at character 0"),))
    assert [data_of(line) for line in lines_of(fetched.spool)] == [EVENTS[0].data, EVENTS[1].data]


def test_fetch_when_a_line_was_broken_once(fetches: Fetches) -> None:
    """A line that comes whole the second time was broken on the way."""
    with pytest.raises(IncompleteAnswer):
        fetches.fetch(BODY.replace(EVENTS[1].line, EVENTS[1].line[:30]))
    fetched = fetches.fetch(BODY)
    assert (fetched.rows, fetched.rejected) == (3, ())
    fetched.spool.close()


def test_fetch_when_another_line_is_broken_each_time(fetches: Fetches) -> None:
    """A line is not believed because another one was broken before."""
    for number in range(5):
        with pytest.raises(IncompleteAnswer, match="line 1 is not an event"):
            fetches.fetch(b"broken %d\n" % number + BODY)


@pytest.mark.parametrize(
    "body",
    [b'{"internal": "problem"}\n', b"<html>\n<body>Please sign in</body>\n</html>\n", b"broken\n"],
    ids=["error", "page", "line"],
)
def test_fetch_when_no_line_is_an_event(fetches: Fetches, body: bytes) -> None:
    """An answer of which nothing is an event is no export, however often it comes: its days are not finished."""
    for _ in range(3):
        with pytest.raises(IncompleteAnswer, match="none of its lines is an event"):
            fetches.fetch(body)


def test_fetch_when_the_only_event_is_broken(fetches: Fetches) -> None:
    """A line that looks like an event is kept as any other broken line, though it is alone."""
    broken = EVENTS[0].line[:-1]
    with pytest.raises(IncompleteAnswer, match="line 1 is not an event"):
        fetches.fetch(broken + b"\n")
    fetched = fetches.fetch(broken + b"\n")
    assert (fetched.rows, [line.raw for line in fetched.rejected]) == (0, [broken])
    fetched.spool.close()


def test_fetch_when_two_answers_end_without_newline(fetches: Fetches) -> None:
    """The first is refused as cut; a second that ends with the same bytes is whole."""
    with pytest.raises(UnterminatedLine):
        fetches.fetch(BODY[:-1])
    fetched = fetches.fetch(BODY[:-1])
    assert (fetched.rows, fetched.rejected) == (3, ())
    fetched.spool.close()


def test_fetch_when_two_answers_end_otherwise(fetches: Fetches) -> None:
    """Ends that differ are cuts."""
    for cut in (1, 2, 10):
        with pytest.raises(UnterminatedLine):
            fetches.fetch(BODY[:-cut])


def test_fetch_when_mixpanel_gave_up(fetches: Fetches) -> None:
    """Its words are never believed, in however many answers they come."""
    for _ in range(3):
        with pytest.raises(IncompleteAnswer, match="Mixpanel gave up after 3 events"):
            fetches.fetch(BODY + b"terminated early\n")


def test_fetch_when_the_gzip_stream_is_cut(fetches: Fetches) -> None:
    """A body that the transfer takes for whole, but gzip does not, is refused."""
    for _ in range(2):
        with pytest.raises(IncompleteAnswer, match="without its trailer"):
            fetches.fetch(gzip.compress(BODY)[:-1], headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize("status", [301, 304, 500, 503])
def test_fetch_when_the_status_is_no_success(fetches: Fetches, status: int) -> None:
    """The body of anything but a success is no export."""
    with pytest.raises(TransientError, match=f"Mixpanel answered {status}"):
        fetches.fetch(BODY, status)


def test_fetch_when_the_quota_is_used_up(fetches: Fetches) -> None:
    """A 429 is passed on as such: it is no failed attempt."""
    with pytest.raises(RateLimited):
        fetches.fetch(b"61/60 queries in the last hour", 429)


def test_fetch_when_the_sync_is_stopped(fetches: Fetches) -> None:
    """A stopped sync takes no further bytes."""
    fetches.stop.set()
    with pytest.raises(TransientError, match="the sync was stopped before the window was complete"):
        fetches.fetch(BODY)


def test_ledger_when_fetches_fail() -> None:
    """What a failed fetch held is given back: past the limit one spool may write, and it is not a dead one."""
    with requests_mock.Mocker() as mixpanel:
        failing = Fetches(mixpanel, spool_limit_bytes=1)
        for _ in range(3):
            with pytest.raises(IncompleteAnswer):
                failing.fetch(BODY + b"terminated early\n")
    spool = Spool(failing.ledger)
    writer = threading.Thread(target=spool.write, args=[b"xx"], daemon=True)
    writer.start()
    writer.join(10)
    assert not writer.is_alive()
    spool.close()
