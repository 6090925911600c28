"""The process: its stdout, its memory, and what the operating system must have."""
