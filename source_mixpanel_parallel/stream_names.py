"""The streams that every config has. Public: the command names them too."""

EVENTS = "events"
PROFILES = "profiles"
REJECTED_LINES = "rejected_lines"
BUILT_IN_STREAMS = (EVENTS, PROFILES, REJECTED_LINES)
