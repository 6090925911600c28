"""destination-duckdb: an Airbyte destination that is the only writer of a DuckDB database."""
