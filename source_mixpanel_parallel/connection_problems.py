"""What `check` says where Mixpanel does not let the config in, and which of these a sentence is.

In: values; out: sentences. Pure, and without the CDK, so that a program that tries several configs can tell a wrong
region from a wrong secret.
"""

from __future__ import annotations

UNKNOWN_ACCOUNT = "Mixpanel does not know this service account"
NO_ACCESS = "The service account is known, but has no access to project"
UNREACHABLE = "Can't reach Mixpanel"


def unknown_account(region: str) -> str:
    """Return what to say where nobody has these credentials."""
    return (
        f"{UNKNOWN_ACCOUNT} in region {region}: check username and secret, "
        "whether the account has expired, and `region`."
    )


def no_access(project_id: object, region: str) -> str:
    """Return what to say where the credentials are right and the project is another's."""
    return (
        f"{NO_ACCESS} {project_id} in region {region}: "
        "check project_id and `region`, or grant the account a role on the project."
    )


def unreachable(host: str, error: Exception) -> str:
    """Return what to say where nobody answers."""
    return f"{UNREACHABLE} at {host}: {error}. Check the network, or try again later."
