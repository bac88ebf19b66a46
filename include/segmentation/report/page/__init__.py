"""The page that holds the sections."""
