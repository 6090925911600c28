"""The database, beside what the destination does with it: its tables, what was read, what was synced."""
