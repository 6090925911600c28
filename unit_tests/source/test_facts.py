"""Each fact of Mixpanel stands in one file; what repeats it (manifest, spec, metadata, simulator) is held to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from isodate import parse_duration  # type: ignore[import-untyped] # comes with the CDK, its stubs do not

import source_mixpanel_parallel
from mixpanel_simulator import Scenario
from mixpanel_simulator.apis.engage_query import MAXIMUM_DISTINCT_IDS
from mixpanel_simulator.server.account import REGION_OF_HOST
from source_mixpanel_parallel.config.regions import DEFAULT_REGION, REGIONS
from source_mixpanel_parallel.rate_limits import limits
from source_mixpanel_parallel.source import SourceMixpanelParallel

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = yaml.safe_load((Path(source_mixpanel_parallel.__file__).parent / "manifest.yaml").read_text())
SPEC = MANIFEST["spec"]["connection_specification"]["properties"]
CREDENTIALS = {"username": "u", "secret": "s", "project_id": 1}


def rates_of(path: str) -> list[tuple[int, float]]:
    """Return the rates of the first policy that matches a request to *path*: (requests, seconds)."""
    for policy in MANIFEST["api_budget"]["policies"]:
        if any(re.search(matcher["url_path_pattern"], path) for matcher in policy["matchers"]):
            return [(rate["limit"], parse_duration(rate["interval"]).total_seconds()) for rate in policy["rates"]]
    raise AssertionError(f"no policy matches {path}")


def test_quotas_of_the_manifest() -> None:
    """The moving windows are those of limits.py, for every request to the API that has them."""
    export = [(limits.EXPORT_BURST, limits.SECOND_S), (limits.EXPORT_HOURLY_REQUESTS, limits.HOUR_S)]
    assert rates_of("/api/2.0/export") == export
    for path in ("/api/query/engage", "/api/query/cohorts/list", "/api/query/funnels"):
        assert rates_of(path) == [(limits.QUERY_HOURLY_REQUESTS, limits.HOUR_S)]


def test_bounds_of_the_spec() -> None:
    """The form offers as many connections and days as limits.py allows."""
    assert SPEC["num_workers"]["maximum"] == limits.EXPORT_CONNECTIONS
    assert SPEC["window_days"]["maximum"] == limits.MAX_WINDOW_DAYS
    assert SPEC["profile_workers"]["default"] == SPEC["profile_workers"]["maximum"] == limits.QUERY_CONNECTIONS
    level = MANIFEST["concurrency_level"]["default_concurrency"]
    assert f"or {limits.PLANNED_CONNECTIONS}) + {limits.QUERY_CONNECTIONS})" in level
    assert MANIFEST["concurrency_level"]["max_concurrency"] >= 2 * (
        limits.EXPORT_CONNECTIONS + limits.QUERY_CONNECTIONS
    )


def test_limits_of_the_simulator() -> None:
    """The simulated Mixpanel enforces the same limits."""
    scenario = Scenario()
    assert (scenario.export_hour_limit, scenario.export_second_limit, scenario.export_concurrent_limit) == (
        limits.EXPORT_HOURLY_REQUESTS,
        limits.EXPORT_BURST,
        limits.EXPORT_CONNECTIONS,
    )
    assert (scenario.query_hour_limit, scenario.query_concurrent_limit) == (
        limits.QUERY_HOURLY_REQUESTS,
        limits.QUERY_CONNECTIONS,
    )
    assert MAXIMUM_DISTINCT_IDS == limits.MAX_DISTINCT_IDS


@pytest.mark.parametrize("name", REGIONS)
def test_hosts_of_a_region(name: str, tmp_path: Path) -> None:
    """The manifest sends a region's requests to the hosts of regions.py."""
    config = {"credentials": CREDENTIALS, "region": name}
    endpoints = SourceMixpanelParallel(config=config).configure(config, str(tmp_path))["endpoints"]
    assert endpoints == {"export": f"https://{REGIONS[name].export}", "query": f"https://{REGIONS[name].query}"}


@pytest.mark.parametrize("endpoints", [{}, {"export": "http://127.0.0.1:1"}, {"query": "https://proxy.example.com"}])
def test_endpoints_that_the_config_names(endpoints: dict[str, str], tmp_path: Path) -> None:
    """They take the place of the region's; the other stays, and without a region it is the default's."""
    config: dict[str, Any] = {"credentials": CREDENTIALS, "endpoints": endpoints}
    region = REGIONS[DEFAULT_REGION]
    configured = SourceMixpanelParallel(config=config).configure(config, str(tmp_path))
    wanted = {"export": f"https://{region.export}", "query": f"https://{region.query}", **endpoints}
    assert configured["endpoints"] == wanted


def test_regions_elsewhere() -> None:
    """The form's choices, the platform's firewall and the simulator know the same regions and hosts."""
    hosts = {host: name for name, region in REGIONS.items() for host in (region.export, region.query)}
    assert (SPEC["region"]["enum"], SPEC["region"]["default"]) == (list(REGIONS), DEFAULT_REGION)
    assert hosts == REGION_OF_HOST
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text())
    assert set(metadata["data"]["allowedHosts"]["hosts"]) == set(hosts)
