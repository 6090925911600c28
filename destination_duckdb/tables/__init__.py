"""The tables of the database: the streams' own, the registry of them, and the states."""
