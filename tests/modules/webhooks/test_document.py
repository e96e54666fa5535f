"""The page about webhooks: its samples accept what is sent, and nothing else."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from tests.services.require import unavailable

from tidework.webhooks.delivering import SEND_S
from tidework.webhooks.filters import known_types
from tidework.webhooks.schedule import ATTEMPTS, DISABLE_AFTER_FAILURES, PAUSES_S
from tidework.webhooks.service import MAX_WEBHOOKS
from tidework.webhooks.signing import new_secret, signed

PAGE = (Path(__file__).parents[3] / "docs" / "api" / "webhooks.md").read_text()
Verify = Callable[[str, Mapping[str, str], bytes], bool]


def sample(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found, language
    return found[1]


def python() -> Verify:
    names: dict[str, Any] = {}
    exec(sample("python"), names)
    found: Verify = names["verify"]
    return found


def node() -> Verify:
    program = shutil.which("node")
    if program is None:
        unavailable("Node is not here; install it to try the sample out.")

    def verify(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
        call = f"console.log(verify({json.dumps(secret)}, {json.dumps(dict(headers))},"
        script = f"{sample('js')}\n{call} Buffer.from('{body.hex()}', 'hex')));"
        done = subprocess.run([program, "-e", script], capture_output=True, text=True, check=True)
        return json.loads(done.stdout) is True

    return verify


def theirs(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except Exception:
        return False
    return True


@pytest.mark.parametrize("language", ["python", "node", "library"])
def test_a_sample_knows_what_is_ours(language: str) -> None:
    verify = {"python": python, "node": node, "library": lambda: theirs}[language]()
    body, now = '{"title": "Grüße 🌊"}'.encode(), datetime.now(UTC)
    secret, previous = new_secret(), new_secret()
    headers = signed("0199c0de-1a2b-7c3d-8e4f-5a6b7c8d9e0f", body, now, [secret, previous])
    assert len(headers["webhook-signature"].split(" ")) == 2
    assert verify(secret, headers, body)
    assert verify(previous, headers, body)
    assert not verify(new_secret(), headers, body)
    assert not verify(secret, headers, body + b" ")
    assert not verify(secret, headers | {"webhook-id": "msg_other"}, body)
    old = signed("0199c0de-1a2b-7c3d-8e4f-5a6b7c8d9e0f", body, now - timedelta(minutes=6), [secret])
    assert not verify(secret, old, body)


def test_its_figures_are_those_of_the_code() -> None:
    assert PAUSES_S == (5, 30, 120, 900, 3600, 10800, 21600, 43200)
    assert "5 seconds, 30 seconds, 2 and 15 minutes, 1, 3, 6 and 12 hours" in PAGE
    assert ATTEMPTS == 9
    assert "nine attempts over a day" in PAGE
    assert f"within {SEND_S:g} seconds" in PAGE
    assert f"in {DISABLE_AFTER_FAILURES} attempts at least" in PAGE
    assert f"{MAX_WEBHOOKS} at most" in PAGE
    for kind in re.findall(r'"type": "([a-z.]+)"', PAGE):
        assert kind in known_types()
