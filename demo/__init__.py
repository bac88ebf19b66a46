"""Demo data for each profile, a GA4 stand-in and private servers to run everything on."""
