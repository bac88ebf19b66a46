"""The space that distances are measured in: distinct vectors with their customers, scaled, and what is nearest."""
