"""Tests of the simulator: what it sends is what Mixpanel is known to send, and what it holds for the truth."""
