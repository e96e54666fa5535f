"""A PostgreSQL of the run's own, with the defaults of its version (fsync and all) on loopback."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from bench.client import BenchError
from bench.processes import Child, call, free_port, running

PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
OLDEST = 15


@dataclass(frozen=True, slots=True)
class Postgres:
    child: Child
    programs: Path
    port: int
    password: str
    version: str

    def create_database(self, name: str, like: str | None = None) -> str:
        """Make a database, empty or a copy of another one, and return its URL."""
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "bench"]
        secret = {"PGPASSWORD": self.password}
        template = ["-T", like] if like else []
        call([str(self.programs / "createdb"), *address, *template, name], env=secret)
        return f"postgresql://bench:{self.password}@127.0.0.1:{self.port}/{name}"


def find() -> Path | None:
    """The folder of the newest server programs, or None where there are none new enough."""
    folders = [Path(path) for place in PLACES for path in glob(place)]
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    complete = [f for f in folders if (f / "postgres").exists() and (f / "initdb").exists()]
    newest = max(complete, key=_major, default=None)
    return newest if newest and _major(newest) >= OLDEST else None


@contextmanager
def served() -> Iterator[Postgres]:
    """Make a cluster in a temporary folder and start it; remove both in the end."""
    programs = find()
    if programs is None:
        raise BenchError(f"PostgreSQL {OLDEST} or newer is missing here; `make services` has it.")
    # Not below the run's folder: that is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    try:
        account = _account()
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        password = secrets.token_hex(16)
        _initialise(programs, folder, password, account)
        port = free_port()
        command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-k", str(folder)]
        # SIGINT: end now instead of waiting for clients to leave.
        child = Child(command, folder / "postgres.log", account=account)
        with running(child, signal.SIGINT):
            ask = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
            child.wait_until(lambda: subprocess.run(ask, check=False).returncode == 0)
            yield Postgres(child, programs, port, password, _version(programs))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(
    programs: Path, folder: Path, password: str, account: pwd.struct_passwd | None
) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if account:
        os.chown(secret, account.pw_uid, account.pw_gid)
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "bench"]
    command += ["-E", "UTF8", "--locale=C", "-A", "scram-sha-256", f"--pwfile={secret}"]
    call(command, account=account, cwd=folder)
    secret.unlink()


def _account() -> pwd.struct_passwd | None:
    """Whom to run as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise BenchError("PostgreSQL does not run as root, and there is no user `postgres` here.")


def _major(programs: Path) -> int:
    return int(_version(programs).partition(".")[0])


def _version(programs: Path) -> str:
    # What it prints is like: postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)
    return call([str(programs / "postgres"), "--version"]).split()[2]
