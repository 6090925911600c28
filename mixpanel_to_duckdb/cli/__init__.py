"""The commands of `mixpanel-to-duckdb`."""
