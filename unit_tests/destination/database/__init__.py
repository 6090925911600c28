"""Tests of the destination: database."""
