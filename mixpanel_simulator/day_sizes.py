"""How many events a day of a product has: fewer at weekends, more from week to week, and few on the day of an outage.

In: the seed, the day, its number from the first day on, and the events of an ordinary weekday in the beginning. Out: a
number, the same for the same seed, day and number, whatever the range of the scenario.
"""

from datetime import date
from random import Random

SATURDAY = 5
WEEKEND_SHARES = (0.52, 0.58)  # of a weekday, on Saturday and on Sunday
GROWTH_A_DAY = 0.012  # of the beginning
CHANCE = 0.04  # up to this share more or less
# One day in thirty is the one on which the app could not be reached.
OUTAGE_EVERY, OUTAGE_NUMBER, OUTAGE_SHARE = 30, 19, 0.14


def product_events(seed: int, day: date, number: int, weekday_events: int) -> int:
    """Return the events of *day*, the *number*-th from 0 on, where a weekday began with about *weekday_events*."""
    random = Random(f"day size:{seed}:{day}")  # noqa: S311 - made-up data, not secrets
    share = (1 + number * GROWTH_A_DAY) * random.uniform(1 - CHANCE, 1 + CHANCE)
    if day.weekday() >= SATURDAY:
        share *= WEEKEND_SHARES[day.weekday() - SATURDAY]
    if number % OUTAGE_EVERY == OUTAGE_NUMBER:
        share *= OUTAGE_SHARE
    return round(weekday_events * share)
