"""Tests of the source that need no simulator."""
