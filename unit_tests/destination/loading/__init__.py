"""Tests of the destination: loading."""
