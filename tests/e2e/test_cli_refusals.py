"""What a shell, a terminal or a system does not allow: told in one line, before anything is lost."""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.conftest import DEADLINE, environment
from tests.e2e.refusal import done_well, refused
from tests.services.processes import free_port

from tidework.commands.listening import CannotListen, check_address
from tidework.settings import load

ASCII = {"PYTHONIOENCODING": "ascii"}


def python(
    data_dir: Path, *arguments: str, before: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command in a Python of its own, started by a shell that runs `before`."""
    return subprocess.run(
        ["sh", "-c", f'{before}\nexec "$@"', "sh", sys.executable, "-m", "tidework", *arguments],
        env=environment(data_dir, env), capture_output=True, text=True, check=False,
        timeout=DEADLINE,
    )  # fmt: skip


@pytest.mark.usefixtures("migrated")
def test_what_a_terminal_cannot_show_is_written_otherwise(data_dir: Path) -> None:
    zoe = ("users", "create", "--email", "jö@example.com", "--name", "Zoë 🐙")
    said = done_well(python(data_dir, *zoe, env=ASCII))
    assert "j\\u00f6@example.com: made" in said
    assert "Password, shown only now: " in said
    shown = done_well(python(data_dir, "users", "list", "--json", env=ASCII))
    assert [one["name"] for one in json.loads(shown)] == ["Zoë 🐙"]
    assert "Zo\\u00eb" in refused(python(data_dir, "users", "promote", "Zoë", env=ASCII))


@pytest.mark.parametrize("most", [8, 24, 32, 255])
def test_a_server_that_may_open_few_files_is_refused(data_dir: Path, most: int) -> None:
    serve = ("serve", "--port", str(free_port()))
    said = refused(python(data_dir, *serve, before=f"ulimit -n {most}"))
    assert f" {most} " in said
    assert "ulimit -n" in said
    assert "LimitNOFILE" in said
    assert not data_dir.exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_metrics_where_the_server_is_are_refused(data_dir: Path, workers: str) -> None:
    port = free_port()
    env = {"TIDEWORK_METRICS": f"127.0.0.1:{port}", "TIDEWORK_WORKERS": workers}
    said = refused(python(data_dir, "serve", "--port", str(port), env=env))
    assert "TIDEWORK_METRICS" in said
    assert not (data_dir / "tidework.db").exists()


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.parametrize(
    ("host", "metrics", "possible"),
    [
        ("127.0.0.1", "127.0.0.1", False),
        ("127.0.0.1", "localhost", False),
        ("localhost", "127.0.0.1", False),
        ("127.0.0.1", "0.0.0.0", False),
        ("0.0.0.0", "127.0.0.1", False),
        ("::", "127.0.0.1", False),
        ("::1", "[0::1]", False),
        ("127.0.0.1", "127.0.0.2", True),
        ("127.0.0.1", "[::1]", True),
        ("127.0.0.1", "no-such-host.invalid", True),
    ],
)
def test_metrics_may_be_beside_the_server_only(host: str, metrics: str, possible: bool) -> None:
    if ":" in host + metrics and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    port = free_port()
    settings = load({"TIDEWORK_METRICS": f"{metrics}:{port}"}, host=host, port=port)
    if possible:
        check_address(settings)
        return
    with pytest.raises(CannotListen, match="TIDEWORK_METRICS"):
        check_address(settings)
