"""A learning platform to try everything on: its data, a GA4 stand-in, private servers."""
