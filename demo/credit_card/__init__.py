"""A bank's card holders: read from the original file, or generated to resemble it."""

from demo.credit_card.demo import DEMO
from demo.credit_card.file import COLUMNS, read_holders
from demo.credit_card.lookalike import HOLDERS, generate_holders

__all__ = ["COLUMNS", "DEMO", "HOLDERS", "generate_holders", "read_holders"]
