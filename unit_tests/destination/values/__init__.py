"""Tests of the destination: values."""
