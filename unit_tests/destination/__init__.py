"""Tests of the destination that need no process."""
