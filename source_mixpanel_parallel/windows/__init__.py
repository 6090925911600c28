"""Windows of days: how a range is divided, planned, and remembered as finished."""
