"""RECORD lines as AirbyteMessages, for callers that want a Python object per record.

Values come out as Python's json reads them: integers of any size stay exact.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, Type


def messages_of(lines: bytes) -> Iterator[AirbyteMessage]:
    """Yield one message a line."""
    for line in lines.split(b"\n")[:-1]:
        record = json.loads(line)["record"]
        yield AirbyteMessage(
            type=Type.RECORD,
            record=AirbyteRecordMessage(stream=record["stream"], data=record["data"], emitted_at=record["emitted_at"]),
        )
