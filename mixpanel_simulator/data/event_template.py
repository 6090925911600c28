"""Templates of exported lines: realistic product analytics, made once from the seed.

A template is a bytes format string that takes (time, distinct number, insert id, processing time in ms); what a
line does not have, its template swallows with ``%.0b``. Rendering an event is then one formatting operation.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from random import Random

TEMPLATE_COUNT = 2_000

EVENT_WEIGHTS: dict[str, int] = {
    "$mp_web_page_view": 38,
    "Song Played": 22,
    "Search": 12,
    "Add To Cart": 8,
    "Sign In": 6,
    "Video Watched": 4,
    "Purchase": 4,
    "Sign Up": 3,
    "$ae_session": 2,
    "購入完了": 1,
}

CITIES = ("Zürich", "東京", "São Paulo", "Αθήνα", "القاهرة", "München", "Київ", "Reykjavík", "New York", "")
# U+2028, U+0085 and a vertical tab end a line for str.splitlines, but not in JSON Lines.
TITLES = (
    "Für Elise",
    "line\u2028separator",
    "next\u0085line\u000b",
    "🎸🔥 Große Liebe 👩‍👩‍👧‍👦",
    'quotes " and \\ backslashes',
    "tab\tand\nnewline",
    "100 % café",
    "夜に駆ける",
)
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "juniper", "kelp", "opal")

Property = tuple[str, Callable[[Random], object]]

PROPERTIES: tuple[Property, ...] = (
    ("$browser", lambda random: random.choice(("Chrome", "Safari", "Firefox", "Edge"))),
    ("$city", lambda random: random.choice(CITIES)),
    ("mp_country_code", lambda random: random.choice(("CH", "JP", "BR", "GR", "EG", "US", None))),
    ("title", lambda random: random.choice(TITLES)),
    ("price", lambda random: random.randrange(1, 100_000) / 100),
    ("is_subscriber", lambda random: random.choice((True, False))),
    ("account_id", lambda random: random.choice((9_007_199_254_740_993, 9_223_372_036_854_775_807, -(2**60)))),
    ("ratio", lambda random: random.choice((0.1, 1e-7, -273.15, 0, 1.5e300, 3))),
    ("cart", lambda random: [_cart_item(random) for _ in range(random.randrange(3))]),
    ("context", lambda random: {"page": {"path": random.choice(WORDS), "seen": None}, "tags": []}),
    ("flags", lambda random: [random.choice((True, False)), None, random.choice(WORDS), {}]),
    ("$referrer", lambda random: random.choice(("", "https://example.com/?q=a%20b&c=%7B%7D"))),
    ("utm.source", lambda random: random.choice((None, "newsletter", "ads"))),
    ("Plan Type", lambda random: random.choice(("free", "premium 東京", "team"))),
    ("名前", lambda random: random.choice(("太郎", "花子"))),
    ("$screen_width", lambda random: random.choice((390, 1440, 1920))),
    ("experiments", lambda random: {"exp-" + random.choice(WORDS): random.choice(("control", "b"))}),
    ("count", lambda random: random.choice((0, 1, -1, 42, "42"))),
    ("$lib_version", lambda random: f"2.{random.randrange(60)}.0"),
    ("mp_lib", lambda _random: "web"),
)


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """The templates of one seed, with cumulative weights for a skewed choice."""

    formats: list[bytes]
    cumulative_weights: list[int]


def _cart_item(random: Random) -> dict[str, object]:
    return {"sku": f"{random.choice(WORDS)}-{random.randrange(100)}", "qty": random.randrange(1, 4), "price": 19.9}


def _identity_fields(random: Random) -> str:
    """Return the varying properties: most lines have all, some a numeric or no distinct_id, or no $insert_id."""
    kind = random.random()
    if kind < 0.02:  # noqa: PLR2004 - shares of events, given here only
        distinct = "%.0b"
    elif kind < 0.07:  # noqa: PLR2004 - see above
        distinct = '"distinct_id":%b,'
    elif kind < 0.2:  # noqa: PLR2004 - see above
        distinct = '"distinct_id":"$device:%b",'
    else:
        distinct = '"distinct_id":"user-%b",'
    # Mixpanel's events may have no $insert_id.
    insert = "%.0b" if random.random() < 0.06 else '"$insert_id":"%b",'  # noqa: PLR2004 - see above
    return f'"time":%d,{distinct}{insert}"mp_processing_time_ms":%d'


def _fixed_fields(random: Random, budget: int) -> str:
    """Return JSON members of about *budget* bytes, in varying order and style of encoding."""
    escaped = random.random() < 0.3  # noqa: PLR2004 - share of lines written in ASCII
    members = []
    size = 0
    for name, make in random.sample(PROPERTIES, len(PROPERTIES)):
        member = f"{json.dumps(name, ensure_ascii=escaped)}:{json.dumps(make(random), ensure_ascii=escaped)}"
        if size + len(member.encode()) < budget - 20:
            members.append(member)
            size += len(member.encode()) + 1
    missing = budget - size - len(',"note":""')
    if missing > 0:
        text = " ".join(random.choices(WORDS, k=missing // 4 + 1))[:missing]
        members.append(f'"note":{json.dumps(text)}')
    return "".join("," + member for member in members).replace("%", "%%")


def _template(random: Random, event: str, event_bytes: int) -> bytes:
    identity = _identity_fields(random)
    name = json.dumps(event, ensure_ascii=False)
    # Digits of the time, an id, an insert id of 20 characters and the processing time stand for the conversions.
    frame = len(f'{{"event":{name},"properties":{{{identity}}}}}\n'.encode()) + 43
    fixed = _fixed_fields(random, int(event_bytes * random.uniform(0.75, 1.25)) - frame)
    members = f"{identity}{fixed}" if random.random() < 0.9 else f"{fixed[1:]},{identity}".lstrip(",")  # noqa: PLR2004
    return f'{{"event":{name},"properties":{{{members}}}}}\n'.encode()


def make_templates(seed: int, event_bytes: int) -> TemplateSet:
    """Return the templates of *seed*; lines made from them are about *event_bytes* long on average."""
    random = Random(f"templates:{seed}")  # noqa: S311 - made-up data, not secrets
    names = random.choices(list(EVENT_WEIGHTS), k=TEMPLATE_COUNT)
    formats = [_template(random, name, event_bytes) for name in names]
    return TemplateSet(formats, list(accumulate(EVENT_WEIGHTS[name] for name in names)))
