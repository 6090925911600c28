"""Mixpanel's regions and their hosts. The one place for them.

Public: the command offers them. The manifest repeats the hosts for the CDK, and metadata.yaml for the platform's
firewall; tests hold both to this file. Source: https://docs.mixpanel.com/docs/privacy/eu-residency and /in-residency.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """The hosts of one region: *export* serves raw events, *query* everything else."""

    export: str
    query: str


REGIONS = {
    "US": Region("data.mixpanel.com", "mixpanel.com"),
    "EU": Region("data-eu.mixpanel.com", "eu.mixpanel.com"),
    "IN": Region("data-in.mixpanel.com", "in.mixpanel.com"),
}
DEFAULT_REGION = "US"
