"""What a person asks for, and the config of the source that follows from it."""
