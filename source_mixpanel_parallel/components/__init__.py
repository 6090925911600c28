"""What the manifest can't say in YAML, one noun a file; each says why."""
