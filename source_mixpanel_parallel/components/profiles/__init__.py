"""Streams of profiles: pages of the Engage API."""
