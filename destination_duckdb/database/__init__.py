"""Opening a database, what kind it is, and whether a sync could write to it."""
