"""The charts of the report, as inline SVG."""
