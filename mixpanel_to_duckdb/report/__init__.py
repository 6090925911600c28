"""A page and metrics about a sync."""
