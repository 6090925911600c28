"""A program as a user of PyAirbyte writes it, run by PyAirbyte's own interpreter.

In: a task, JSON on stdin. Out: the last line of stdout, JSON. With `destination` in the task, the source's records go
there and the cache keeps only the state; with `sample`, so many events are looked at, and the source is stopped; else
the records go into the cache. What PyAirbyte raises ends the program.
"""

import json
import sys

import airbyte
from airbyte.caches import DuckDBCache


def main() -> None:
    """Check, then read or write what the task names."""
    task = json.load(sys.stdin)
    source = airbyte.get_source(
        "source-mixpanel-parallel",
        config=task["config"],
        local_executable=task["source"],
        streams=task["streams"],
    )
    source.check()
    cache = DuckDBCache(db_path=task["cache"], schema_name="mixpanel")
    if "destination" in task:
        destination = airbyte.get_destination(
            "destination-duckdb", config=task["destination_config"], local_executable=task["destination"]
        )
        destination.check()
        written = destination.write(source, cache=False, state_cache=cache)
        outcome = {"records": written.processed_records}
    elif "sample" in task:
        records = source.get_records("events", limit=task["sample"])  # without a name it would stop at once
        outcome = {"sample": [record["event"] for record in records]}
    else:
        read = source.read(cache=cache)
        rows = {name: len(dataset) for name, dataset in read.streams.items()}
        outcome = {"records": read.processed_records, "available": source.get_available_streams(), "rows": rows}
    print()
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
