"""Messages of the server within an export: Mixpanel answers 200 before it knows whether it can send every event.

In: a line that is not an event. Out: whether it says that the answer is not whole. Seen as plain text and as JSON
(github.com/mixpanel/mixpanel-utils/issues/5, github.com/michaelcarter/mixpanel-data-export-js/issues/30 and 31); more
wordings are likely, so what counts is that a line can't be part of an event. Raises nothing.
"""

from __future__ import annotations

import json
import re

TERMINATED = re.compile(rb"terminated[\s_-]*early", re.IGNORECASE)
LIKE_AN_EVENT = re.compile(rb'"(event|properties)"')
ERROR_BEGINS = re.compile(r'\{\s*"(error|status|message|detail)')
ERROR_FIELDS = frozenset({"error", "errors", "error_message", "error_code"})
EVENT_FIELDS = frozenset({"event", "properties"})
_DECODER = json.JSONDecoder()


def says_gave_up(line: bytes) -> bool:
    """Return whether *line*, wherever it stands, is the server's: known words, or a JSON object with an error."""
    if TERMINATED.search(line):
        return True
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and bool(ERROR_FIELDS & document.keys()) and not EVENT_FIELDS & document.keys()


def ends_an_export(line: bytes) -> bool:
    """Return whether *line*, the last one, is a message, or an event that a message cut short or follows.

    Otherwise it is a document with the fields of an event, or the rest of one that holds a newline.
    """
    text = line.decode(errors="replace").strip()
    if not text.endswith("}"):
        return True
    if not text.startswith("{"):
        return False
    try:
        _, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return bool(ERROR_BEGINS.match(text))
    behind = text[end:].strip()
    if behind:
        return not behind.startswith("{") or bool(ERROR_BEGINS.match(behind))
    return not LIKE_AN_EVENT.search(line)
