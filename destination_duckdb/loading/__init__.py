"""Writing to the database: where each stream goes, how rows are loaded, and how they are merged."""
