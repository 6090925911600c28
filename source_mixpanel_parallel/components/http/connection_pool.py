"""How many connections to Mixpanel stay open between requests: as many as may run concurrently.

The CDK's sessions keep 40, and 10 without TLS. More concurrent requests would each open a connection and throw it away
again, with a warning.
"""

from __future__ import annotations

from airbyte_cdk.sources.declarative.requesters import HttpRequester
from requests.adapters import HTTPAdapter

MOST_AT_ONCE = 100


def keep_connections(requester: HttpRequester) -> None:
    """Let *requester* use each of its connections again."""
    session = requester._http_client._session  # the CDK has no way to say it
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=MOST_AT_ONCE))
