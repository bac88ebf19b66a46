"""Quoted names and texts, run through the engine that reads them."""

import pytest

from include.segmentation.common.sql_quoting import quote_identifier, quote_mysql_identifier, quote_string
from include.segmentation.engine import open_engine

ODD = ["plain", "it's", 'a "name"', "back\\slash", "semi;colon -- comment", "ünï", "new\nline", "''", '""']


@pytest.mark.parametrize("text", ODD)
def test_a_string_arrives_as_it_is(text: str) -> None:
    with open_engine() as engine:
        assert engine.execute(f"SELECT {quote_string(text)}").fetch_row() == (text,)


@pytest.mark.parametrize("name", ODD)
def test_an_identifier_arrives_as_it_is(name: str) -> None:
    with open_engine() as engine:
        assert engine.execute(f"SELECT 1 AS {quote_identifier(name)}").fetch_table().column_names == [name]


def test_mysql_doubles_backticks() -> None:
    assert quote_mysql_identifier("a`b") == "`a``b`"
