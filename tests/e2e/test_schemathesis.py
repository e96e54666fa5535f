"""Schemathesis against a real server: no 5xx, and no answer outside of the document.

`SCHEMATHESIS=thorough` looks much longer, each time at something else.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from tests.services.server import StartServer

THOROUGH = os.environ.get("SCHEMATHESIS") == "thorough"
PASSWORD = "correct horse battery staple"

# What it finds out about letters takes it a second, and is the same for all roles.
FOUND = str(Path(__file__).parents[2] / ".hypothesis")

# What ends the caller's own session, or takes the workspace away from everybody after.
ENDING = (
    "logout",
    "deleteMe",
    "changePassword",
    "endSession",
    "deleteWorkspace",
    "removeMember",
    "updateMember",
)
# Its answer does not end.
ENDLESS = "listen"

CONFIG = """
[parameters]
"path.w" = "{workspace}"

[checks]
# What a schema allows may still name what is not there, or contradict the present state.
positive_data_acceptance.enabled = false
negative_data_rejection.expected-statuses = [
    400, 401, 403, 404, 405, 409, 410, 412, 413, 414, 415, 422,
]

[generation]
database = "none"
"""

# What it cannot write by itself: files, which may be any bytes.
HOOKS = """
import schemathesis

@schemathesis.serializer("application/gzip", "application/x-xz", "application/x-ndjson")
def file(context, value):
    return value if isinstance(value, bytes) else str(value).encode()
"""


class Role(NamedTuple):
    """Who asks, and how long."""

    name: str
    phases: str
    examples: int
    ending: bool = False


ROLES = [
    Role("admin", "examples,coverage", 1),
    Role("admin", "stateful", 5),
    Role("viewer", "fuzzing", 1),
    Role("anonymous", "fuzzing", 1),
    Role("leaver", "examples,coverage", 1, ending=True),
    *([Role("token", "examples,coverage", 1)] if THOROUGH else []),
]


def register(client: httpx.Client, name: str) -> tuple[str, dict[str, str]]:
    """Somebody new: their address, and the header that shows who they are."""
    email = f"{name}@example.com"
    body = {"email": email, "password": PASSWORD, "name": name}
    made = client.post("/api/v1/auth/register", json=body).raise_for_status().json()
    return email, {"Authorization": f"Bearer {made['access_token']}"}


def populate(base_url: str, folder: Path) -> dict[str, dict[str, str]]:
    """A workspace with all that can be in one; what shows the server each role."""
    with httpx.Client(base_url=base_url, timeout=60) as client:
        people = {n: register(client, n) for n in ("admin", "viewer", "leaver")}
        client.headers.update(people["admin"][1])

        def make(path: str, body: object) -> dict[str, str]:
            made: dict[str, str] = client.post(path, json=body).raise_for_status().json()
            return made

        workspace = make("/api/v1/workspaces", {"name": "W"})["id"]
        place = f"/api/v1/workspaces/{workspace}"
        make(f"{place}/members", {"email": people["viewer"][0], "role": "viewer"})
        make(f"{place}/members", {"email": people["leaver"][0], "role": "owner"})
        tasks = [make(f"{place}/tasks", {"title": f"Task {n}"})["id"] for n in range(3)]
        make(f"{place}/tasks/{tasks[0]}/comments", {"body": "Hello"})
        relation = {"kind": "blocks", "task_id": tasks[1]}
        make(f"{place}/tasks/{tasks[0]}/relations", relation)
        token = make("/api/v1/auth/tokens", {"name": "T", "scopes": ["read", "write", "admin"]})
    (folder / "schemathesis.toml").write_text(CONFIG.format(workspace=workspace))
    (folder / "hooks.py").write_text(HOOKS)
    shown = {name: header for name, (_, header) in people.items()}
    return shown | {"token": {"Authorization": f"Bearer {token['token']}"}, "anonymous": {}}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: f"{role.name} {role.phases}")
def test_no_answer_is_outside_of_the_document(
    role: Role, tidework_server: StartServer, tmp_path: Path
) -> None:
    environment = {"TIDEWORK_RATE_LIMITS": "off", "TIDEWORK_ACCESS_TOKEN_SECONDS": "86400"}
    server = tidework_server(env=environment | {"TIDEWORK_LOG_LEVEL": "warning"})
    headers = populate(server.base_url, tmp_path)[role.name]
    filters = "--include-operation-id" if role.ending else "--exclude-operation-id"
    options = [f"{filters}={name}" for name in ENDING]
    if not role.ending:
        options.append(f"--exclude-operation-id={ENDLESS}")
    options += [f"--header={name}: {value}" for name, value in headers.items()]
    phases = role.phases
    if THOROUGH:
        phases = phases.replace("coverage", "coverage,fuzzing")
        options += [f"--max-examples={role.examples * 50}"]
    else:
        options += [f"--max-examples={role.examples}", "--generation-deterministic", "--no-shrink"]
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run",
            f"{server.base_url}/api/v1/openapi.json",
            f"--phases={phases}", "--continue-on-failure", "--warnings=off", "--no-color",
            *options,
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "HYPOTHESIS_STORAGE_DIRECTORY": FOUND},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    # A run that met nothing has proved nothing.
    assert "Test cases:" in done.stdout
    log = server.log.read_text()
    assert "defect" not in log
    assert "Traceback" not in log
