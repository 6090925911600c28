"""`emitted_at` of a record, in microseconds: its size tells its unit.

The protocol says milliseconds, but sources send seconds, microseconds and nanoseconds too (PyAirbyte 903, airbyte 882
and 981). In: a number, or the SQL expression of one. Out: microseconds since 1970. Each unit has its own range of
sizes, which reaches to the year 5138, so an extraction time can't be mistaken. Raises ValueError for a time that no
timestamp holds.
"""

_SECONDS_BELOW = 10**11
_MILLISECONDS_BELOW = 10**14
_MICROSECONDS_BELOW = 10**17
# From here on a double skips integers.
_EXACT_BELOW = 2**53
# A DuckDB timestamp is 64 bits of microseconds, without both ends, which are infinite.
_MAX_MICROSECONDS = 9 * 10**18


def microseconds(emitted_at: float) -> int:
    """Return *emitted_at*, an integer or a float of any unit, in microseconds."""
    size = abs(emitted_at)
    if size < _SECONDS_BELOW:
        moment = round(emitted_at * 10**6)
    elif size < _MILLISECONDS_BELOW:
        moment = round(emitted_at * 10**3)
    elif size < _MICROSECONDS_BELOW:
        moment = round(emitted_at)
    else:
        moment = int(emitted_at) // 10**3
    if abs(moment) > _MAX_MICROSECONDS:
        raise ValueError(f"emitted_at {emitted_at} is outside of the range of a timestamp")
    return moment


def microseconds_sql(emitted_at: str, otherwise: str) -> str:
    """Return the same for *emitted_at*, an expression of type DOUBLE; *otherwise* where a double may be rounded."""
    return (
        f"CASE WHEN abs({emitted_at}) < {_SECONDS_BELOW} THEN CAST({emitted_at} * 1e6 AS BIGINT)"
        f" WHEN abs({emitted_at}) < {_MILLISECONDS_BELOW} THEN CAST({emitted_at} * 1e3 AS BIGINT)"
        f" WHEN abs({emitted_at}) < {_EXACT_BELOW} THEN CAST({emitted_at} AS BIGINT) ELSE {otherwise} END"
    )
