"""Keeps credentials out of logs in the form that they have on the wire, too.

The CDK masks the values of `airbyte_secret` fields. In a debug log of request headers a secret stands encoded, as
`Basic <base64 of user:secret>`: that text is a secret as well.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets


def hide_encoded_credentials(credentials: Mapping[str, Any]) -> None:
    """Register the Basic token of *credentials*, if they make one, with the CDK's filter."""
    for user, secret in (("username", "secret"), ("api_secret", None)):
        if user in credentials:
            pair = f"{credentials[user]}:{credentials[secret] if secret else ''}"
            add_to_secrets(base64.b64encode(pair.encode()).decode())
