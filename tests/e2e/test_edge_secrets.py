"""What is logged, by a real server, whatever goes wrong: never a secret."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.services.server import StartServer

PASSWORD = "planted-password-Zq7"
WRONG = "planted-wrong-guess-Xw3"
DATABASE_PASSWORD = "planted-database-Kp5"


def provoke(client: httpx.Client) -> list[str]:
    """Use every kind of secret, rightly and wrongly; the secrets."""
    api = "/api/v1"
    registered = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    made = client.post(f"{api}/auth/register", json=registered).json()
    own = {"authorization": f"Bearer {made['access_token']}"}
    token = client.post(f"{api}/auth/tokens", json={"name": "T"}, headers=own).json()["token"]
    login = {"email": "ada@example.com", "password": PASSWORD}
    with_cookie = client.post(f"{api}/auth/login", json={**login, "cookie": True})
    cookie = with_cookie.cookies["tidework_refresh"]
    secrets = [PASSWORD, WRONG, made["access_token"], made["refresh_token"], token, cookie]
    client.post(f"{api}/auth/login", json={**login, "password": WRONG})
    client.post(f"{api}/auth/login", json={**login, "nonsense": WRONG})
    client.post(f"{api}/auth/login", json={**login, WRONG: 1})
    client.post(f"{api}/auth/login", content=f'{{"password": "{PASSWORD}"')
    client.post(f"{api}/auth/login", json={"email": PASSWORD, "password": [PASSWORD]})
    client.post(f"{api}/auth/refresh", json={"refresh_token": made["refresh_token"][:-3] + "xxx"})
    client.post(f"{api}/auth/refresh", headers={"cookie": f"tidework_refresh={cookie}"})
    change = {"current_password": WRONG, "new_password": PASSWORD}
    client.post(f"{api}/auth/password/change", json=change, headers=own)
    client.post(f"{api}/auth/password/reset", json={"token": token, "password": PASSWORD})
    for value in secrets:
        for scheme in ("Bearer", "Basic", ""):
            client.get(f"{api}/users/me", headers={"authorization": f"{scheme} {value}".strip()})
        client.get(f"{api}/users/me?access_token={value}")
        client.post(f"{api}/nothing?password={value}", headers={"referer": f"http://x/?{value}"})
    for value in secrets[2:]:
        client.get(f"{api}/users/me", headers={"x-request-id": value})
        client.get(f"{api}/auth/tokens/{value}", headers=own)
        client.delete(f"{api}/auth/sessions/{value}", headers=own)
    return secrets


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_secret_is_logged(tidework_server: StartServer, log_format: str) -> None:
    environment = {"TIDEWORK_LOG_FORMAT": log_format, "TIDEWORK_RATE_LIMITS": "off"}
    # What other levels log is among this.
    server = tidework_server(env=environment | {"TIDEWORK_LOG_LEVEL": "debug"})
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        secrets = provoke(client)
    server.stop()
    log = server.log.read_text()
    assert log.count("/api/v1/auth/login") >= 5
    if log_format == "json":
        for line in log.splitlines():
            assert isinstance(json.loads(line), dict), line
    for secret in secrets:
        # Not the whole of it, nor most of it, nor the part of a token that proves something.
        for part in (secret, secret[: len(secret) * 2 // 3], secret.rpartition(".")[2]):
            assert part not in log


def test_the_password_of_the_database_is_not_told_when_it_cannot_be_reached(tmp_path: Path) -> None:
    url = f"postgresql://tidework:{DATABASE_PASSWORD}@127.0.0.1:1/tidework"
    for log_format in ("json", "console"):
        done = subprocess.run(
            [sys.executable, "-m", "tidework", "serve", "--port", "0", "--data-dir", tmp_path / "d"],
            env={
                "PATH": "/usr/bin:/bin",
                "TIDEWORK_DATABASE_URL": url,
                "TIDEWORK_LOG_FORMAT": log_format,
                "TIDEWORK_LOG_LEVEL": "debug",
            },
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode != 0
        told = done.stdout + done.stderr
        assert told.strip()
        assert DATABASE_PASSWORD not in told
