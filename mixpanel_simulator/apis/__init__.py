"""Mixpanel's APIs: what a request asks for, and what is answered."""
