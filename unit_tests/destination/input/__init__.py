"""Tests of the destination: input."""
