"""The extra of a MySQL connection: each key of Airflow's MySQL provider is honoured, ignored, or refused."""

import json

import pytest

from demo.servers import PASSWORD
from include.segmentation.connections import Address, resolve_address
from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.server.connection_extra import parse_extra
from include.segmentation.extract.mysql.server.connection_slots import connect_mysql
from include.segmentation.profile.mysql_source import ReadPace


def parse(**extra):
    return parse_extra(Address("shop", "mysql", extra=extra))


@pytest.mark.parametrize(
    ("extra", "mode", "files"),
    [
        ({}, "preferred", {}),
        ({"ssl_mode": "REQUIRED"}, "required", {}),
        ({"ssl": {"cert": "c", "key": "k"}}, "required", {"cert": "c", "key": "k"}),
        ({"ssl": '{"ca": "a"}'}, "verify_ca", {"ca": "a"}),
        ({"ssl": {"capath": "a"}}, "verify_ca", {"capath": "a"}),
        ({"ssl": True}, "required", {}),
        ({"ssl": "true"}, "required", {}),
        ({"ssl": False}, "preferred", {}),
        ({"ssl": {"ca": "a"}, "ssl_mode": "verify_identity"}, "verify_identity", {"ca": "a"}),
        ({"ssl": {"ca": "a"}, "ssl_mode": "disabled"}, "disabled", {}),
        # As mysql-connector-python spells them.
        ({"client": "mysql-connector-python", "ssl_ca": "a", "ssl_cert": "c"}, "verify_ca", {"ca": "a", "cert": "c"}),
        ({"ssl_disabled": True}, "disabled", {}),
        ({"ssl_disabled": "False"}, "preferred", {}),
        ({"ssl_ca": "a", "ssl_verify_cert": "true"}, "verify_ca", {"ca": "a"}),
        ({"ssl_ca": "a", "ssl_verify_cert": True, "ssl_verify_identity": True}, "verify_identity", {"ca": "a"}),
    ],
)
def test_tls_is_read_in_every_spelling_of_the_provider(extra, mode, files):
    parsed = parse(**extra)
    assert (parsed.mode, parsed.files, parsed.options) == (mode, files, {})


def test_keys_that_cannot_matter_to_an_extract_are_ignored():
    extra = {"charset": "latin1", "use_unicode": True, "cursor": "SSCursor", "local_infile": True}
    extra |= {"allow_local_infile": True, "iam": False, "aws_conn_id": "aws_default", "client": "mysqlclient"}
    assert parse(**extra) == parse()


@pytest.mark.parametrize(
    ("extra", "flaw", "allowed"),
    [
        ({"sslmode": "secret"}, "'sslmode' is unknown", "ssl_mode, ssl, ssl_ca"),
        ({"conv": {}}, "'conv' is unknown", "ssl_mode, ssl"),
        ({"read_default_file": "/etc/my.cnf"}, "'read_default_file' is unknown", "ssl_mode, ssl"),
        ({"ssl_mode": "on"}, "'ssl_mode' is 'on'", "disabled, preferred, required, verify_ca, verify_identity"),
        ({"ssl": "{"}, "'ssl' is not JSON", "an object with ca, capath, cert, key, cipher"),
        ({"ssl": ["secret"]}, "'ssl' is of type list", "an object with ca"),
        ({"ssl": {"certificate": "secret"}}, "'ssl' has the key 'certificate'", "ca, capath, cert, key, cipher"),
        ({"ssl": {"ca": 1}}, "'ssl' has a 'ca' of type int", "a text"),
        ({"client": "pymysql"}, "'client' is 'pymysql'", "mysqlclient, mysql-connector-python"),
        ({"iam": True}, "'iam' asks for a login by AWS IAM", "false, with a login and a password"),
        ({"iam": "true"}, "'iam' asks for a login by AWS IAM", "false, with a login and a password"),
        ({"init_command": ["SET @a = 1"]}, "'init_command' is of type list", "a text"),
    ],
)
def test_anything_else_is_refused_in_one_line_with_the_connection_the_key_and_what_is_allowed(extra, flaw, allowed):
    with pytest.raises(SourceError) as refusal:
        parse(**extra)
    assert str(refusal.value).startswith(f"connection 'shop': extra {flaw}; allowed: {allowed}")
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_socket_and_an_initial_statement_are_used(mariadb_database, monkeypatch):
    server = mariadb_database.server
    socket = next(word.partition("=")[2] for word in server.command if word.startswith("--socket="))
    mariadb_database.execute(f"GRANT ALL ON *.* TO 'local'@'localhost' IDENTIFIED BY '{PASSWORD}'")
    extra = {"unix_socket": socket, "init_command": "SET @initial = 'yes'", "charset": "latin1"}
    for host in ("", "localhost"):
        connection = {"conn_type": "mysql", "host": host, "login": "local", "password": PASSWORD}
        connection |= {"schema": mariadb_database.name, "extra": json.dumps(extra)}
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps(connection))
        with connect_mysql(resolve_address("shop"), ReadPace()) as opened:
            assert opened.fetch_value("SELECT @initial") == "yes"
            assert opened.fetch_value("SELECT USER()") == "local@localhost"
            assert opened.fetch_value("SELECT 'ü☃'") == "ü☃"
