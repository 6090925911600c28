"""The states that a database holds: what `state` prints after refreshes, and for connections that share a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import duckdb

from integration_tests.destination.destination_process import Destination, configured, record, state, status

PROPERTIES = {"id": {"type": "integer"}}
# Python 3.12 gives up at 1,500, whatever limit is set.
NESTED = 1_200


def global_state(streams: Sequence[str]) -> dict[str, Any]:
    """Return a GLOBAL state of these streams."""
    states = [{"stream_descriptor": {"name": name}, "stream_state": {"of": name}} for name in streams]
    return {
        "type": "STATE",
        "state": {"type": "GLOBAL", "global": {"shared_state": {"lsn": 7}, "stream_states": states}},
    }


def kept(destination: Destination) -> Any:
    """Return the state file that `state` prints."""
    return json.loads(destination.run("state").stdout)


def test_state_when_one_stream_of_a_global_state_is_refreshed(destination: Destination) -> None:
    """A refresh that began and was broken off leaves no state of its stream, and those of the others."""
    plain = [configured(name, PROPERTIES) for name in ("a", "b")]
    ends = [status("a"), status("b")]
    assert destination.write({"streams": plain}, [global_state(["a", "b"]), *ends]).exit_code == 0
    assert kept(destination) == [global_state(["a", "b"])["state"]]
    refreshed = [configured(name, PROPERTIES, generation_id=2, minimum_generation_id=2) for name in ("a", "b")]
    assert destination.write({"streams": [refreshed[0], plain[1]]}, []).exit_code == 1
    assert kept(destination) == [global_state(["b"])["state"]]
    assert destination.write({"streams": refreshed}, []).exit_code == 1
    assert kept(destination) == []


def test_write_when_connections_share_a_file(destination: Destination) -> None:
    """Streams without a namespace lie in the schema of their configuration, each with rows and states of its own."""
    catalog = {"streams": [configured("t", PROPERTIES, "append_dedup", primary_key=[["id"]])]}
    for number, schema in enumerate(["one", "two", "One"]):
        each = Destination(destination.directory, {**destination.config, "schema": schema})
        sync = [record("t", {"id": number}), state("t", {"by": schema}), status("t")]
        assert each.write(catalog, sync).exit_code == 0
        assert kept(each) == [state("t", {"by": schema})["state"]]
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        assert connection.execute("SELECT CAST(id AS INT) FROM one.t ORDER BY id").fetchall() == [(0,), (2,)]
        assert connection.execute("SELECT CAST(id AS INT) FROM two.t").fetchall() == [(1,)]


def test_write_when_json_is_nested_deeply(destination: Destination) -> None:
    """More than 1,000 levels pass in records, on both paths and in any order of keys, and in states."""
    catalog = {
        "streams": [configured("t", {"id": {"type": "integer"}, "n": {"type": "number"}, "j": {"type": "object"}})]
    }
    deep = b"[" * NESTED + b"]" * NESTED
    head = b'{"type":"RECORD","record":{"stream":"t",'
    body = [b'"data":{"id":%d,"n":%s,"j":%s}' % (number, n, deep) for number, n in enumerate([b"1", b"NaN", b"2"])]
    last = (
        b'{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"t"},"stream_state":%s}}}'
        % deep
    )
    sync = [
        head + body[0] + b',"emitted_at":1}}',
        head + body[1] + b',"emitted_at":1}}',
        head + b'"emitted_at":1,' + body[2] + b"}}",
        last,
    ]
    outcome = destination.write(catalog, [*sync, status("t")])
    assert outcome.exit_code == 0, outcome.error
    assert deep in outcome.stdout
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        stored = connection.execute("SELECT CAST(id AS INT), CAST(j AS VARCHAR) FROM t ORDER BY id").fetchall()
    assert stored == [(number, deep.decode()) for number in range(3)]


def test_write_when_json_is_nested_too_deeply(destination: Destination) -> None:
    """Where Python would give up, the sync ends with one sentence; the fast path has no such limit."""
    catalog = {"streams": [configured("t", {"j": {"type": "object"}})]}
    deep = b"[" * 100_000 + b"]" * 100_000
    line = b'{"type":"RECORD","record":{"stream":"t","data":{"j":%s},"emitted_at":1}}' % deep
    outcome = destination.write(catalog, [line.replace(b'"stream":"t",', b"").replace(b"1}}", b'1,"stream":"t"}}')])
    assert (outcome.exit_code, b"Traceback" in outcome.stdout) == (1, False)
    assert outcome.error == f"A line of the input is nested too deeply to be read: a RECORD of {len(line):,} bytes."
    assert destination.write(catalog, [line, status("t")]).exit_code == 0
