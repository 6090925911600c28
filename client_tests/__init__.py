"""Other people's programs run our connectors, and ours run with other people's: `make test-clients`."""
