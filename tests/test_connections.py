"""Connection ids: Airflow's own environment form, URI or JSON."""

import json

import pytest

from include.segmentation import connections
from include.segmentation.connections import Address, resolve_address, use_resolver
from include.segmentation.errors import SourceError


def define(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "mysql://reader:p%40ss%2Fword@db.example:3307/shop?ssl_mode=REQUIRED",
            Address("shop_db", "mysql", "db.example", 3307, "reader", "p@ss/word", "shop", {"ssl_mode": "REQUIRED"}),
        ),
        ("mysql://db.example/shop", Address("shop_db", "mysql", "db.example", database="shop")),
        ("postgresql://u:p@h/d", Address("shop_db", "postgres", "h", None, "u", "p", "d")),
        (
            "google-cloud-platform://?__extra__=%7B%22key_path%22%3A+%22%2Fkeys%2Fa.json%22%7D",
            Address("shop_db", "google_cloud_platform", extra={"key_path": "/keys/a.json"}),
        ),
        (
            json.dumps({"conn_type": "mysql", "host": "h", "login": "u", "password": "p", "schema": "d", "port": 3306}),
            Address("shop_db", "mysql", "h", 3306, "u", "p", "d"),
        ),
        (
            json.dumps({"conn_type": "google_cloud_platform", "extra": '{"is_anonymous": true}'}),
            Address("shop_db", "google_cloud_platform", extra={"is_anonymous": True}),
        ),
        (
            json.dumps({"conn_type": "google-cloud-platform", "extra": {"is_anonymous": True}}),
            Address("shop_db", "google_cloud_platform", extra={"is_anonymous": True}),
        ),
    ],
)
def test_both_forms_of_airflow_are_read(monkeypatch, text, address):
    define(monkeypatch, text)
    assert resolve_address("shop_db") == address


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("just words", "it has no scheme"),
        ("mysql://u:secret@host:port/db", "not a valid URI"),
        ("mysql://u:secret@h/db?__extra__=oops", "not a valid URI"),
        ('{"host": "h", "password": "secret"', "not a valid JSON connection"),
        ('{"conn_type": "mysql", "port": "many", "password": "secret"}', "not a valid JSON connection"),
        ('{"conn_type": "mysql", "extra": "{", "password": "secret"}', "not a valid JSON connection"),
        ('{"conn_type": "mysql", "extra": "[1]", "password": "secret"}', "not a valid JSON connection"),
        ('{"conn_type": "mysql", "port": [1], "password": "secret"}', "not a valid JSON connection"),
        ('{"host": "h"}', "conn_type"),
    ],
)
def test_a_wrong_text_is_explained_without_its_secrets(monkeypatch, text, named):
    define(monkeypatch, text)
    with pytest.raises(SourceError, match=named) as raised:
        resolve_address("shop_db")
    assert "connection 'shop_db'" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_an_id_that_is_not_defined_says_how_to_define_it(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_SHOP_DB", raising=False)
    with pytest.raises(SourceError, match=r"'shop_db' is not defined: set .*AIRFLOW_CONN_SHOP_DB"):
        resolve_address("shop_db")


def test_a_resolver_answers_instead_of_the_environment(monkeypatch):
    monkeypatch.setattr(connections, "_resolver", connections._resolver)
    use_resolver({"shop_db": "mysql://h/d"}.get)
    assert resolve_address("shop_db").host == "h"
    with pytest.raises(SourceError, match="not defined"):
        resolve_address("other")


def test_the_password_is_not_shown(monkeypatch):
    define(monkeypatch, "mysql://u:secret@h/d")
    assert "secret" not in repr(resolve_address("shop_db"))
