"""The config: its form, the rules beyond JSON Schema, the environment, and typed settings."""
