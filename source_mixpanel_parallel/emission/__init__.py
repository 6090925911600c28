"""From what fetchers deliver to protocol messages, in order."""
