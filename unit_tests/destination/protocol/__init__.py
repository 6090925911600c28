"""Tests of the destination: protocol."""
