"""The bodies of refusals, worded as Mixpanel words them.

In: what is wrong. Out: a Refusal that the server turns into an answer; it is raised, too, from wherever a request
turns out to be refused.
"""

import json

UNAUTHENTICATED = "Unable to authenticate request"
PLAN_WITHOUT_QUERY = "Your plan does not allow API calls"
PLAN_WITHOUT_EXPORT = "Your plan does not support raw data export"
ACCOUNT_BLOCKED = "Your account is blocked because payment is required"


class Refusal(Exception):
    """A request that is answered with an error status; *text*, when given, is the whole body as it is."""

    def __init__(
        self, status: int, message: str, headers: dict[str, str] | None = None, text: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}
        self._text = text

    def body(self, request: str) -> bytes:
        """Return the body: JSON that names *request* (path and query) and the error, unless it was given."""
        if self._text is not None:
            return self._text.encode()
        return json.dumps({"request": request, "error": self.message, "status": "error"}).encode()
