"""The Airbyte protocol: lines and messages in, the catalog, and messages out."""
