"""`mixpanel-to-duckdb plan`: shows what a sync would request, without sending a request.

In: options; out: an exit code and text on stdout. Raises BadArguments and SyncError.
"""

from __future__ import annotations

from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.config.source_config import source_config
from mixpanel_to_duckdb.connectors.offered_streams import refuse_not_offered
from mixpanel_to_duckdb.connectors.stored_state import stored_state
from mixpanel_to_duckdb.database.connection import open_database
from mixpanel_to_duckdb.database.finished_days import finished_days
from mixpanel_to_duckdb.database.history import past_syncs
from mixpanel_to_duckdb.database.project import Place, project_of, refuse_other_project
from mixpanel_to_duckdb.sync.plan import sync_plan
from mixpanel_to_duckdb.terminal.printing import print_json, print_page


def run_plan(options: SyncOptions, config_path: str | None, *, as_json: bool) -> int:
    """Print the plan; with a database, only for what is missing there."""
    config = source_config(config_path, options)
    refuse_not_offered(options.streams, config)
    chosen = config.chosen_streams(options.streams)
    states, seconds_a_day, pages = b"[]", None, {}
    if options.database:
        states = stored_state(options.database, options.schema)
        place = Place(options.database, options.schema)
        refuse_other_project(place, project_of(config), finished_days(states))
        with open_database(options.database) as connection:
            syncs = past_syncs(connection, options.schema)
        seconds_a_day = next((sync.seconds_a_day for sync in reversed(syncs) if sync.seconds_a_day), None)
        counts = [(name, sync.read_pages(name)) for sync in syncs for name in config.paged_streams]
        pages = {name: count for name, count in counts if count}  # the last sync's count stays
    plan = sync_plan(config, chosen, finished_days(states), seconds_a_day, pages)
    if as_json:
        print_json(plan.as_json())
    else:
        from mixpanel_to_duckdb.cli.plan_page import plan_page  # noqa: PLC0415 - when it is needed

        print_page(plan_page(plan))
    return 0
