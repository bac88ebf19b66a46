"""Columns that change at the source: what a log takes up, what stops the extract, and that no page mixes meanings."""

import pytest

from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.drift import Drift, drift

WIDER = [
    ("tinyint(4)", "smallint(6)"),
    ("int(11)", "bigint(20)"),
    ("int(11)", "int(10) unsigned"),
    ("int(11)", "bigint(20) unsigned"),
    ("int(10) unsigned", "bigint(20)"),
    ("varchar(10)", "varchar(20)"),
    ("char(10)", "varchar(10)"),
    ("char(10)", "char(11)"),
    ("varchar(255)", "text"),
    ("varchar(60)", "tinytext"),
    ("varchar(20000)", "text"),
    ("tinytext", "mediumtext"),
    ("tinytext", "varchar(255)"),
    ("binary(4)", "varbinary(4)"),
    ("varbinary(300)", "blob"),
    ("decimal(10,2)", "decimal(20,2)"),
    ("decimal(10,2)", "decimal(12,4)"),
    ("decimal(10,2) unsigned", "decimal(10,2)"),
    ("float", "double"),
    ("double(10,2)", "double"),
    ("bit(1)", "bit(64)"),
    ("datetime", "datetime(6)"),
    ("time(3)", "time(6)"),
    ("enum('a','b')", "enum('a','b','c')"),
    ("enum('a','b')", "enum('0','b','a')"),
    ("enum('it''s','a,b')", "enum('a,b','it''s','x')"),
    ("set('a','b')", "set('a','b','c')"),
]
SAME = [
    ("int(11)", "int"),
    ("int(10) unsigned", "int unsigned"),
    ("year(4)", "year"),
    ("decimal(10,2)", "decimal(10,2)"),
]
NOT_WIDER = [
    ("bigint(20)", "int(11)"),
    ("int(10) unsigned", "int(11)"),
    ("bigint(20) unsigned", "bigint(20)"),
    ("varchar(20)", "varchar(10)"),
    ("varchar(10)", "char(10)"),
    ("varchar(255)", "tinytext"),
    ("text", "varchar(20000)"),
    ("varchar(10)", "varbinary(10)"),
    ("text", "blob"),
    ("binary(4)", "binary(8)"),
    ("varbinary(4)", "binary(4)"),
    ("decimal(10,2)", "decimal(10,3)"),
    ("decimal(10,2)", "decimal(12,1)"),
    ("decimal(10,2)", "double"),
    ("double", "float"),
    ("double", "double(10,2)"),
    ("datetime(6)", "datetime"),
    ("date", "datetime"),
    ("timestamp", "datetime"),
    ("int(11)", "varchar(11)"),
    ("enum('a','b')", "enum('a','c')"),
    ("enum('a','b')", "varchar(10)"),
    ("set('a','b')", "set('b','a')"),
    ("longtext", "json"),
]


@pytest.mark.parametrize(("old", "new"), WIDER)
def test_a_type_that_holds_every_value_is_wider(old, new):
    assert drift({"x": old}, {"x": new}, set()) == Drift([], ["x"])


@pytest.mark.parametrize(("old", "new"), SAME)
def test_two_ways_to_declare_a_type_are_one(old, new):
    assert drift({"x": old}, {"x": new}, set()) == drift({"x": new}, {"x": old}, set()) == Drift([], [])


@pytest.mark.parametrize(("old", "new"), NOT_WIDER)
def test_a_type_that_lacks_a_value_is_another_one(old, new):
    with pytest.raises(SourceError, match=r"'x' was .*, is ") as raised:
        drift({"x": old}, {"x": new}, set())
    assert f"'x' was {old}, is {new}" in str(raised.value)


def test_order_does_not_matter_and_new_columns_are_added():
    old = {"id": "int(11)", "n": "int(11)"}
    assert drift(old, {"m": "text", "n": "bigint(20)", "id": "int(11)"}, set()) == Drift(["m"], ["n"])


def test_every_change_is_in_one_message_and_a_rename_is_guessed():
    old = {"id": "int(11)", "n": "int(11)", "note": "text", "at": "date"}
    new = {"id": "int(11)", "amount": "int", "total": "int(11)", "at": "datetime"}
    with pytest.raises(SourceError) as raised:
        drift(old, new, set())
    assert str(raised.value) == (
        "the source's columns have changed: 'n' was int(11), is absent (renamed to 'amount' or 'total'?); "
        "'note' was text, is absent; 'at' was date, is datetime; 'amount' was absent, is int; "
        "'total' was absent, is int(11); allowed are new and wider ones"
    )


def test_what_the_profile_leaves_out_may_go():
    assert drift({"id": "int(11)", "n": "int(11)"}, {"id": "int(11)"}, {"n"}) == Drift([], [])
