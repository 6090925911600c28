"""One sync: what it reads, its run, and what is recorded and made of it."""
