"""Where a run was made: cores, load, the Python and how it was built, versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import sys
import sysconfig
from pathlib import Path

from bench.client import BenchError
from bench.processes import call

PACKAGES = ("tidework", "granian", "litestar", "msgspec", "uvloop", "asyncpg", "sqlalchemy")


def describe() -> dict[str, str]:
    return {
        "commit": commit(Path(__file__).parents[1]),
        "machine": f"{platform.system()} {platform.release()}, {platform.machine()}, {_processor()}",
        "cores": f"{usable_cores()} usable of {os.cpu_count()}, shared by the servers and wrk",
        "python": f"{platform.python_implementation()} {platform.python_version()}, {python_build()}",
        "SQLite": sqlite3.sqlite_version,
        **{name: version for name in PACKAGES if (version := _version(name))},
    }


def commit(folder: Path) -> str:
    """The commit that is checked out, with `-changed` when the files differ from it."""
    try:
        return call(["git", "-C", str(folder), "describe", "--always", "--dirty=-changed"]).strip()
    except (BenchError, OSError):
        return "unknown"


def load() -> str:
    """The load averages over 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def python_build() -> str:
    """Whether this Python was built with profile-guided optimisation, as far as it tells.

    A plain build is 30 to 70 % slower. Debian and its kin run `make profile-opt` in their
    packaging, which leaves no trace in CONFIG_ARGS, so a distribution's counts as optimised.
    """
    arguments = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    flags = " ".join(str(value) for value in sysconfig.get_config_vars().values())
    if "--enable-optimizations" in arguments:
        return "optimised (--enable-optimizations)"
    if "-fprofile-use" in flags.replace(str(sysconfig.get_config_var("PGO_PROF_USE_FLAG")), ""):
        return "optimised (-fprofile-use)"
    if sys.base_prefix == "/usr" and Path("/etc/os-release").exists():
        return "optimised (the distribution's)"
    return "NOT OPTIMISED: these figures are 30 to 70 % too low"


def wrk_version() -> str:
    # It prints its version with its usage, and then fails.
    words = call(["sh", "-c", "wrk --version || true"]).split()
    return words[1] if len(words) > 1 else "unknown"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def usable_cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
