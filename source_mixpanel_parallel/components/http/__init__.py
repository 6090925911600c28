"""Requests to Mixpanel and their answers."""
