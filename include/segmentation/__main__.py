"""The command line as ``python -m include.segmentation``."""

import sys

from include.segmentation.command_line import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
