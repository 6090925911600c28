"""The HTTP server: accounts, quotas, and the control of both."""
