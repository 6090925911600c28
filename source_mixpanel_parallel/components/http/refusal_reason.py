"""Why a request was refused, in the words of the response, whatever its shape.

In: the text of a response. Out: one line of at most 300 characters. Mixpanel answers in JSON, `{"error": …}`, and for
some mistakes in plain text (mixpanel-data-export-js issue 31); proxies and gateways answer in JSON of their own or in
HTML. Raises nothing.
"""

from __future__ import annotations

import html
import json
import re

NO_REASON = "no reason given"
MOST_LETTERS = 300
# In the order of preference; names that wrap the reason in another object or list are among them.
REASON_FIELDS = (
    "error",
    "errors",
    "message",
    "detail",
    "details",
    "error_message",
    "error_description",
    "reason",
    "title",
)
TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
NOT_TEXT = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL)


def reason_of(text: str) -> str:
    """Return the reason in *text*, the beginning of a body."""
    try:
        document = json.loads(text)
        reason = _reason(document) or (text if document else "")
    except (ValueError, RecursionError):
        reason = _words(text)
    line = " ".join(reason.split())
    if len(line) > MOST_LETTERS:
        line = line[: MOST_LETTERS - 1] + "…"
    return line.rstrip(".") or NO_REASON


def _reason(document: object) -> str:
    """Return the text of the first field that usually holds a reason; empty where there is none."""
    if isinstance(document, str):
        return document.strip()
    if isinstance(document, list):
        return "; ".join(filter(None, map(_reason, document)))
    if isinstance(document, dict):
        return next(filter(None, (_reason(document.get(name)) for name in REASON_FIELDS)), "")
    return ""


def _words(text: str) -> str:
    """Return plain text as it is; of a page, its title or else its words."""
    if not text.lstrip().startswith("<"):
        return text
    title = TITLE.search(text)
    return html.unescape(title[1] if title else NOT_TEXT.sub(" ", text))
