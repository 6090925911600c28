"""What was pasted becomes what was meant."""

from __future__ import annotations

import pytest

from mixpanel_to_duckdb.terminal.questions import cleaned


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("secret", "secret"),
        ("  secret\t\r\n", "secret"),
        ("\u00a0secret\u2003", "secret"),
        ("\u200bsec\u2060ret\ufeff", "secret"),
        ('"secret"', "secret"),
        ("'secret'", "secret"),
        ("`secret`", "secret"),
        ("\u201csecret\u201d", "secret"),
        ("\u2018secret\u2019", "secret"),
        ("\u00ab secret \u00bb", "secret"),
        (' " secret " ', "secret"),
        ('sec"ret', 'sec"ret'),
        ("'secret\"", "'secret\""),
        ('"', '"'),
        ("two words", "two words"),
        ("", ""),
        ("\u200b ", ""),
    ],
)
def test_cleaned(pasted: str, meant: str) -> None:
    """Spaces around, invisible letters and a pair of quotes around are no part of an answer."""
    assert cleaned(pasted) == meant
