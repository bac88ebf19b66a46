"""TLS: off, on, required; a server with a certificate of its own, one without TLS, and one that speaks only old TLS."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from demo.servers import PASSWORD, Server, make_mysql56, run_server
from include.segmentation.connections import Address
from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.server.connection_slots import connect_mysql
from include.segmentation.profile.mysql_source import ReadPace

OLD_TLS = """
openssl_conf = old
[old]
ssl_conf = old_ssl
[old_ssl]
system_default = old_tls
[old_tls]
MinProtocol = TLSv1
CipherString = ALL@SECLEVEL=0
Options = UnsafeLegacyServerConnect
"""


@pytest.fixture(scope="module")
def certificates(servers_dir: Path) -> Path:
    """A CA, the certificate that it gave a server, and another CA that did not."""
    folder = servers_dir / "certificates"
    folder.mkdir()
    keys = {name: rsa.generate_private_key(65537, 2048) for name in ("ca", "other", "server")}
    for name, key in keys.items():
        issuer = "ca" if name == "server" else name
        text = certificate("127.0.0.1" if name == "server" else name, key.public_key(), issuer, keys[issuer])
        (folder / f"{name}.pem").write_bytes(text)
        old_format = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())  # as MySQL 5.6 wants it
        (folder / f"{name}.key").write_bytes(key.private_bytes(*old_format))
        (folder / f"{name}.key").chmod(0o644)
    return folder


def certificate(name: str, key: Any, issuer: str, signed_by: Any) -> bytes:
    subject, of = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, word)]) for word in (name, issuer))
    yesterday = datetime.now(UTC) - timedelta(days=1)  # MySQL 5.6 takes none that is younger than a minute
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(of).public_key(key).serial_number(1)
    dated = builder.not_valid_before(yesterday).not_valid_after(yesterday + timedelta(days=3))
    is_ca = x509.BasicConstraints(ca=name == issuer, path_length=None)
    return dated.add_extension(is_ca, critical=True).sign(signed_by, SHA256()).public_bytes(Encoding.PEM)


def encrypting(server: Server, certificates: Path) -> Server:
    server.command += [f"--ssl-{part}={certificates / file}.pem" for part, file in (("ca", "ca"), ("cert", "server"))]
    server.command += [f"--ssl-key={certificates / 'server.key'}"]
    return server


@pytest.fixture(scope="module")
def tls_server(copy_mariadb: Callable[[str], Server], certificates: Path) -> Iterator[Server]:
    with run_server(encrypting(copy_mariadb("mariadb_tls"), certificates)) as server:
        yield server


@pytest.fixture(scope="module")
def old_tls_server(servers_dir: Path, certificates: Path) -> Iterator[Server]:
    with run_server(encrypting(make_mysql56(servers_dir / "mysql56_tls"), certificates)) as server:
        yield server


def cipher(server: Server, **extra: object) -> str:
    """What a connection with that extra is encrypted by; empty where it is not."""
    address = Address("shop", "mysql", "127.0.0.1", server.port, server.user, PASSWORD, "mysql", extra)
    with connect_mysql(address, ReadPace()) as opened:
        return opened.read_status("Ssl_cipher")


def test_tls_is_used_where_the_server_has_it_unless_it_is_disabled(tls_server, certificates):
    ca = str(certificates / "ca.pem")
    assert cipher(tls_server, ssl_mode="disabled") == ""
    for extra in (
        {},
        {"ssl_mode": "preferred"},
        {"ssl_mode": "REQUIRED"},
        {"ssl": {"ca": ca}},
        {"ssl": json.dumps({"ca": ca})},  # as a connection's URI has it
        {"ssl_mode": "verify_ca", "ssl": {"ca": ca}},
        {"ssl_mode": "verify_identity", "ssl": {"ca": ca}},
    ):
        assert cipher(tls_server, **extra).startswith("TLS_"), extra


def test_a_server_whose_certificate_nobody_vouches_for_is_refused(tls_server, certificates):
    for extra in ({"ssl_mode": "verify_ca"}, {"ssl": {"ca": str(certificates / "other.pem")}}):
        with pytest.raises(SourceError, match=r"connection 'shop' .*self-signed certificate.*ssl_mode is verify_ca"):
            cipher(tls_server, **extra)


@pytest.mark.parametrize("name", ["mariadb_server", "mysql56_server"])
def test_a_server_without_tls_is_read_only_where_tls_is_not_asked_for(name, request, certificates):
    server = request.getfixturevalue(name)
    for extra in ({}, {"ssl_mode": "preferred"}, {"ssl_mode": "disabled"}):
        assert cipher(server, **extra) == ""
    for extra in ({"ssl_mode": "required"}, {"ssl": {"ca": str(certificates / "ca.pem")}}):
        with pytest.raises(SourceError, match=r"connection 'shop' .*(server offers none|server does not support it)"):
            cipher(server, **extra)


def test_an_extra_that_is_not_allowed_is_refused_before_anything_is_opened():
    nowhere = Server("none", "mysql", Path(), 1, "nobody", [], lambda _: None)
    with pytest.raises(SourceError, match="connection 'shop': extra 'ssl_mode' is 'on'; allowed: disabled, preferred"):
        cipher(nowhere, ssl_mode="on")


def test_old_tls_is_left_for_none_with_a_warning_or_refused_with_what_to_do(old_tls_server, caplog):
    with caplog.at_level(logging.WARNING):
        assert cipher(old_tls_server) == ""
    assert "going on without TLS: TLS/SSL error" in caplog.text
    with pytest.raises(
        SourceError, match=r"TLS/SSL error.*ssl_mode is required; an old server may need 'disabled', or"
    ):
        cipher(old_tls_server, ssl_mode="required")


def test_old_tls_is_spoken_where_openssl_is_allowed_to(old_tls_server, certificates, tmp_path):
    (tmp_path / "old.cnf").write_text(OLD_TLS)
    extra = {"ssl_mode": "verify_ca", "ssl": {"ca": str(certificates / "ca.pem"), "cipher": "AES256-SHA"}}
    program = (
        "import sys; from tests.extract.test_extract_server_tls import *\n"
        "server = Server('', 'mysql', Path(), int(sys.argv[1]), 'demo', [], None)\n"
        "print(cipher(server, **json.loads(sys.argv[2])))"
    )
    environment = os.environ | {"OPENSSL_CONF": str(tmp_path / "old.cnf")}
    words = [sys.executable, "-c", program, str(old_tls_server.port), json.dumps(extra)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "AES256-SHA\n", done.stderr
