"""The shop of the publish tests, for tests of the warehouse behind it."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "publish"))

from publish_fixtures import database, shop, shop_with, template  # noqa: F401 - fixtures
