"""What the simulator simulates: data, limits, latencies and the account, as one frozen value.

Every field is a flag of ``python -m mixpanel_simulator`` too, and a key of the JSON that ``--scenario`` reads.
Raises ValueError for a value that can't be simulated; never changes after it is made.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal, get_type_hints
from zoneinfo import ZoneInfo

import msgspec

from mixpanel_simulator.day_sizes import product_events

Plan = Literal["enterprise", "free", "no_export", "blocked"]
Region = Literal["US", "EU", "IN"]
RenderAhead = Literal["no", "identity", "gzip"]
Rhythm = Literal["even", "product"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One Mixpanel project and the server in front of it."""

    seed: Annotated[int, "the same seed gives the same data, byte for byte"] = 7
    first_day: Annotated[date, "first day that has events"] = date(2026, 1, 1)
    days: Annotated[int, "number of days that have events"] = 30
    events_per_day: Annotated[int, "events of each day"] = 200
    rhythm: Annotated[Rhythm, "product: days differ, with weekends, growth and an outage"] = "even"
    event_bytes: Annotated[int, "mean length of an exported line"] = 660
    duplicates: Annotated[int, "events of each day that the feed holds twice, exactly"] = 0
    profiles: Annotated[int, "number of user profiles"] = 500
    page_size: Annotated[int, "profiles of a page, unless another size is asked for"] = 1000
    max_page_size: Annotated[int, "a larger page_size is cut to this"] = 50_000
    ignore_page_size: Annotated[bool, "answer with page_size, whatever size is asked for"] = False
    total_on_every_page: Annotated[bool, "name the total on all pages, not on page 0 only"] = False
    group_profiles: Annotated[int, "profiles of each group type (data_group_id)"] = 20
    cohorts: Annotated[int, "number of cohorts in the project's list"] = 0
    latency_per_day_s: Annotated[float, "seconds an export takes for each day it asks for"] = 0.0
    latency_per_page_s: Annotated[float, "seconds a page of profiles takes"] = 0.0
    quotas: Annotated[bool, "enforce the limits below"] = False
    hour_s: Annotated[float, "length of the hour of the hourly limits"] = 3600.0
    export_hour_limit: Annotated[int, "exports an hour"] = 60
    export_second_limit: Annotated[int, "exports a second"] = 3
    export_concurrent_limit: Annotated[int, "exports at once"] = 100
    query_hour_limit: Annotated[int, "query API requests an hour"] = 60
    query_concurrent_limit: Annotated[int, "query API requests at once"] = 5
    later_pages_count: Annotated[bool, "pages after the first count toward the hour, too"] = False
    rejected_count: Annotated[bool, "requests answered with 429 count toward the limits, too"] = False
    retry_after_s: Annotated[float | None, "Retry-After of 429 answers; none when unset"] = None
    plan: Annotated[Plan, "free: 402 from the query API; no_export: 402 from the export"] = "enterprise"
    region: Annotated[Region, "a request to another region's host name is answered with 401"] = "US"
    project_id: Annotated[int, "the project"] = 12345
    username: Annotated[str, "user name of the service account"] = "simulator.0a1b2c.mp-service-account"
    secret: Annotated[str, "secret of the service account"] = "Xk2-simulated-secret"  # noqa: S105 - made up
    project_secret: Annotated[str, "the project secret"] = "simulated0project0secret00000000"  # noqa: S105 - made up
    access_token: Annotated[str, "the OAuth bearer token"] = "simulated-access-token"  # noqa: S105 - made up
    timezone: Annotated[str, "the project's timezone"] = "UTC"
    legacy_timestamps: Annotated[bool, "days and time in local wall-clock time (before 2023)"] = False
    today: Annotated[date | None, "a to_date after it is answered with 400; unset: no limit"] = None
    render_ahead: Annotated[
        RenderAhead, "render all days (time in milliseconds) and pages before the first request"
    ] = "no"
    cache_bytes: Annotated[int, "rendered bodies that are kept"] = 2_600_000_000

    def __post_init__(self) -> None:
        for name in ("days", "events_per_day", "duplicates", "profiles", "group_profiles"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be 0 or more")
        for name in ("page_size", "max_page_size", "event_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be 1 or more")
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError) as error:
            raise ValueError(f"timezone is {self.timezone!r}: it must be a name such as Europe/Zurich") from error

    @property
    def last_day(self) -> date:
        """The last day that has events."""
        return self.first_day + timedelta(days=self.days - 1)

    def has_events_on(self, day: date) -> bool:
        """Tell whether *day* lies in the simulated range."""
        return self.first_day <= day <= self.last_day

    def events_on(self, day: date) -> int:
        """Return how many events *day* has before any arrive late; `duplicates` come on top."""
        if not self.has_events_on(day):
            return 0
        if self.rhythm == "even":
            return self.events_per_day
        return product_events(self.seed, day, (day - self.first_day).days, self.events_per_day)

    @property
    def events(self) -> int:
        """How many events all days have."""
        return sum(self.events_on(self.first_day + timedelta(days=number)) for number in range(self.days))


FIELD_HELP: dict[str, str] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Scenario, include_extras=True).items()
}


def scenario_from_json(text: bytes) -> dict[str, Any]:
    """Return the fields that the JSON object *text* sets."""
    return msgspec.json.decode(text, type=dict[str, Any])


def scenario_from_fields(values: dict[str, Any]) -> Scenario:
    """Return the scenario of *values*, where text stands for numbers, dates and booleans too."""
    unknown = sorted(set(values) - set(FIELD_HELP))
    if unknown:
        raise ValueError(f"a scenario has no field {unknown[0]!r}: see --help")
    return msgspec.convert(values, Scenario, strict=False)
