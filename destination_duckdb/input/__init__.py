"""Reading stdin: rows are spooled until something covers them, and queued to be committed."""
