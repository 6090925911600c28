"""Streams of events: windows of the export API."""
