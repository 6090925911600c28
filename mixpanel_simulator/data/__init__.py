"""The simulated events and profiles."""
