"""Tests of the destination that run it as a process on a real DuckDB file."""
