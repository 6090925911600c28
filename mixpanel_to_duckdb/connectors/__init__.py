"""The two connectors as processes: what they are given, what they say, and how they ended."""
