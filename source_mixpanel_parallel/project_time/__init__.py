"""Time in the project's timezone: its days, its wall clock, and Mixpanel's timestamps."""
