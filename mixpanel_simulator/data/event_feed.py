"""The exported lines of a day, rendered from templates: the one generator of what is served and of the truth.

In: a scenario, a day, and whether ``time`` is asked for in milliseconds. Out: chunks of lines, in an order that is
not that of time, the same ones for the same seed and day whatever the range of the scenario.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from mixpanel_simulator.data.day_clock import DayClock, local_day, utc_day
from mixpanel_simulator.data.event_template import TemplateSet, make_templates
from mixpanel_simulator.scenario import Scenario

CHUNK_BYTES = 512_000
# Most events arrive within seconds; /track takes them up to 5 days late.
DELAYS_MS = (*range(150, 9_150, 100), 61_000, 754_321, 3_600_000, 86_400_123, 400_000_000)
INSERT_ID_LENGTH = 20


class EventFeed:
    """Renders the days of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._chunk_events = max(1, CHUNK_BYTES // scenario.event_bytes)
        self._late_events: Counter[date] = Counter()
        self._users = [b"%d" % number for number in range(min(scenario.profiles, 50_000) or 1_000)]

    @cached_property
    def _templates(self) -> TemplateSet:
        return make_templates(self._scenario.seed, self._scenario.event_bytes)

    def _clock(self, day: date) -> DayClock:
        if self._scenario.legacy_timestamps:
            return local_day(day, ZoneInfo(self._scenario.timezone))
        return utc_day(day)

    def chunks(self, day: date, *, time_in_ms: bool) -> Iterator[list[bytes]]:
        """Yield the lines of *day*, each with its newline, in chunks of about half a megabyte."""
        if self._scenario.has_events_on(day):
            yield from self._feed_of(day, time_in_ms=time_in_ms)
        late = self._late_events[day]
        if late:
            random = Random(f"late events:{self._scenario.seed}:{day}")  # noqa: S311 - made-up data, not secrets
            clock = self._clock(day)
            # One by one, so that more of them leave the earlier ones as they were.
            yield [self._lines(random, clock, 1, time_in_ms=time_in_ms)[0] for _ in range(late)]

    def add_late_events(self, day: date, count: int) -> None:
        """Let *count* more events of *day* have arrived from now on."""
        self._late_events[day] += count

    def late_events(self, day: date) -> int:
        """Return how many events of *day* arrived late."""
        return self._late_events[day]

    def _feed_of(self, day: date, *, time_in_ms: bool) -> Iterator[list[bytes]]:
        random = Random(f"events:{self._scenario.seed}:{day}")  # noqa: S311 - made-up data, not secrets
        clock = self._clock(day)
        missing = self._scenario.events_on(day)
        again = self._scenario.duplicates
        while missing > 0:
            count = min(missing, self._chunk_events)
            lines = self._lines(random, clock, count, time_in_ms=time_in_ms)
            repeated = lines[:again]
            again -= len(repeated)
            yield lines + repeated
            missing -= count

    def _lines(self, random: Random, clock: DayClock, count: int, *, time_in_ms: bool) -> list[bytes]:
        templates = self._templates
        divisor = 1 if time_in_ms else 1000
        formats = random.choices(templates.formats, cum_weights=templates.cumulative_weights, k=count)
        users = random.choices(self._users, k=count)
        delays = random.choices(DELAYS_MS, k=count)
        spread, start_ms = clock.length_ms, clock.start_ms
        instants = [start_ms + int(random.random() * spread) for _ in range(count)]
        ids = random.randbytes(count * INSERT_ID_LENGTH // 2).hex().encode()
        written = clock.written_ms
        return [
            line % (written(instant) // divisor, user, ids[start : start + INSERT_ID_LENGTH], instant + delay)
            for line, instant, user, delay, start in zip(
                formats, instants, users, delays, range(0, len(ids), INSERT_ID_LENGTH), strict=True
            )
        ]

    def lines(self, from_date: date, to_date: date, *, time_in_ms: bool) -> Iterator[bytes]:
        """Yield the lines of a range of days, both ends inclusive."""
        day = from_date
        while day <= to_date:
            for chunk in self.chunks(day, time_in_ms=time_in_ms):
                yield from chunk
            day += timedelta(days=1)

    def events(self, from_date: date, to_date: date, *, time_in_ms: bool = False) -> list[dict[str, Any]]:
        """Return the events of a range of days as the export sends them, decoded."""
        return [json.loads(line) for line in self.lines(from_date, to_date, time_in_ms=time_in_ms)]
