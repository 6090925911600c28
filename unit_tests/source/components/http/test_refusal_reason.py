"""The reason of a refusal, whatever shape the response has (mixpanel-data-export-js 31)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.components.http.refusal_reason import MOST_LETTERS, NO_REASON, reason_of

PAGE = "<!DOCTYPE html><style>b {}</style><h1>Access &amp; denied</h1>\n<p>by proxy</p>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("where: unbalanced parenthesis at 7", "where: unbalanced parenthesis at 7"),
        ('{"error": "bad selector."}', "bad selector"),
        ('{"error": {"code": 3, "message": "bad selector"}}', "bad selector"),
        ('{"errors": [{"detail": "one"}, {"detail": "two"}]}', "one; two"),
        ('{"status": "fail", "message": "too  long\\n"}', "too long"),
        ('{"detail": [{"loc": ["body"], "msg": "x"}], "title": "Unprocessable"}', "Unprocessable"),
        ('{"code": 17}', '{"code": 17}'),
        ('"plain"', "plain"),
        ("<html><head><title>403 Forbidden</title></head></html>", "403 Forbidden"),
        (PAGE, "Access & denied by proxy"),
        ("", NO_REASON),
        ("{}", NO_REASON),
        ("null", NO_REASON),
        ('{"error": ""}', '{"error": ""}'),
        ("[" * 100_000, "[" * (MOST_LETTERS - 1) + "…"),
    ],
)
def test_reason_of(text: str, reason: str) -> None:
    assert reason_of(text) == reason


@given(
    st.text()
    | st.recursive(st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(
        json.dumps
    )
)
def test_a_reason_is_one_short_line(text: str) -> None:
    reason = reason_of(text)
    assert 0 < len(reason) <= MOST_LETTERS
    assert reason == " ".join(reason.split())
