"""What goes wrong, and what it does to an answer."""
