"""What Mixpanel allows, and how requests wait for it."""
