"""Mixpanel's limits per project: requests per hour, per second and concurrent. The only place for these numbers.

Public: the command plans with them. The manifest repeats the rates for the CDK, and its spec the bounds of the config;
tests hold both to this file. Source: https://developer.mixpanel.com/reference/rate-limits and
https://developer.mixpanel.com/reference/raw-event-export.
"""

EXPORT_HOURLY_REQUESTS = 60
EXPORT_BURST = 3  # requests that may start in one second
EXPORT_CONNECTIONS = 100
QUERY_HOURLY_REQUESTS = 60
QUERY_CONNECTIONS = 5
MAX_DISTINCT_IDS = 2_000  # of one request for profiles; https://developer.mixpanel.com/reference/engage-query

# A moving window of ours is a little longer than Mixpanel's, which counts arrivals and not departures.
HOUR_S = 3605.0
SECOND_S = 1.05

RESERVED_REQUESTS = 12  # of the hour, left for retries, splits and `check`
PLANNED_CONNECTIONS = 40  # more concurrent exports would only wait for each other's starts
MAX_WINDOW_DAYS = 100
