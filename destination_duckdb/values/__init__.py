"""Column types, and how the JSON of one value becomes a value of its column."""
