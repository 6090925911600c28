"""The profiles of a scenario, rendered from templates: the one generator of what is served and of the truth.

In: the number of a profile. Out: its JSON text, as it stands in ``results`` of the engage API, the same for the
same seed and number, whatever the number of profiles. Group profiles come from the same templates, with group ids.
"""

import json
from collections.abc import Callable
from functools import cached_property
from random import Random
from typing import Any

from mixpanel_simulator.data.event_template import CITIES, TITLES, WORDS
from mixpanel_simulator.scenario import Scenario

TEMPLATE_COUNT = 500
BLOCK_PROFILES = 1_000
NO_LAST_SEEN_SHARE = 0.1

PROPERTIES: tuple[tuple[str, Callable[[Random], object]], ...] = (
    ("$city", lambda random: random.choice(CITIES)),
    ("$country_code", lambda random: random.choice(("CH", "JP", "BR", None))),
    ("$timezone", lambda random: random.choice(("Europe/Zurich", "Asia/Tokyo", "America/Sao_Paulo"))),
    ("plan", lambda random: random.choice(("free", "premium", "team"))),
    ("credit", lambda random: random.randrange(-1_000, 100_000) / 100),
    ("account_id", lambda random: random.choice((9_007_199_254_740_993, 7, 0))),
    ("is_subscriber", lambda random: random.choice((True, False))),
    ("favourite", lambda random: random.choice(TITLES)),
    ("address", lambda random: {"street": random.choice(WORDS), "geo": {"lat": random.uniform(-90, 90)}}),
    ("tags", lambda random: random.sample(WORDS, random.randrange(4))),
    ("referrals", lambda _random: None),
    ("名前", lambda random: random.choice(("太郎", "花子"))),
)


class ProfileFeed:
    """Renders the profiles of one scenario, by number."""

    def __init__(self, scenario: Scenario) -> None:
        self._seed = scenario.seed

    @cached_property
    def _templates(self) -> list[bytes]:
        random = Random(f"profile templates:{self._seed}")  # noqa: S311 - made-up data, not secrets
        return [self._template(random) for _ in range(TEMPLATE_COUNT)]

    @staticmethod
    def _template(random: Random) -> bytes:
        """Return a format of (distinct id, distinct id, last seen)."""
        members = [
            f"{json.dumps(name, ensure_ascii=False)}:{json.dumps(make(random), ensure_ascii=False)}"
            for name, make in PROPERTIES
        ]
        fixed = ",".join(members).replace("%", "%%")
        # A profile may have no $last_seen: a where on it drops such profiles silently.
        has_last_seen = random.random() >= NO_LAST_SEEN_SHARE
        last_seen = '"$last_seen":"%b",' if has_last_seen else "%.0b"
        text = f'{{"$distinct_id":"%b","$properties":{{"$email":"%b@example.com",{last_seen}{fixed}}}}}'
        return text.encode()

    def profiles(self, start: int, stop: int, group: str = "") -> list[bytes]:
        """Return the JSON texts of the profiles numbered *start* … *stop* - 1, of users or of a group type."""
        texts: list[bytes] = []
        for block in range(start // BLOCK_PROFILES, -(-stop // BLOCK_PROFILES)):
            first = block * BLOCK_PROFILES
            rendered = self._block(block, group)
            texts += rendered[max(start - first, 0) : stop - first]
        return texts

    def _block(self, block: int, group: str) -> list[bytes]:
        random = Random(f"profiles:{self._seed}:{group}:{block}")  # noqa: S311 - made-up data, not secrets
        prefix = f"group-{group}-" if group else "user-"
        formats = random.choices(self._templates, k=BLOCK_PROFILES)
        return [
            text % (distinct_id, distinct_id, _last_seen(random))
            for text, distinct_id in zip(
                formats,
                (f"{prefix}{block * BLOCK_PROFILES + number}".encode() for number in range(BLOCK_PROFILES)),
                strict=True,
            )
        ]

    def decoded(self, count: int, group: str = "") -> list[dict[str, Any]]:
        """Return the first *count* profiles as the engage API sends them, decoded."""
        return [json.loads(text) for text in self.profiles(0, count, group)]


def _last_seen(random: Random) -> bytes:
    """Return a time of day in the last quarter of 2025 and the first months of 2026."""
    value = int(random.random() * 86_400 * 150)
    day, second = divmod(value, 86_400)
    month, day_of_month = divmod(day, 28)
    year = 2025 + (month + 9) // 12
    parts = (year, (month + 9) % 12 + 1, day_of_month + 1, second // 3600, second // 60 % 60, second % 60)
    return b"%04d-%02d-%02dT%02d:%02d:%02d" % parts
