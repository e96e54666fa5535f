"""What the documents tell people to paste does what they say."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.services.server import StartServer

ROOT = Path(__file__).parents[2]
PORT = "127.0.0.1:8000"


def block(page: str, language: str) -> str:
    text = (ROOT / page).read_text("utf-8")
    return text.split(f"```{language}\n", 1)[1].split("\n```", 1)[0]


def answers(output: str) -> list[dict]:
    decoder, found, place = json.JSONDecoder(), [], 0
    while match := re.compile(r"\s*(?=\{)").match(output, place):
        value, place = decoder.raw_decode(output, match.end())
        found.append(value)
    assert output[place:].strip() == ""
    return found


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_readme_s_first_session_and_the_sync_of_the_guide(tidework_server: StartServer) -> None:
    server = tidework_server()
    script = block("README.md", "bash").replace(f"http://{PORT}", server.base_url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f'{script}\nprintf %s "$token" >&2'],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    token = done.stderr
    crane, paint, filtered, found, completed, refused, undone, changes = answers(done.stdout)
    assert (crane["number"], paint["number"]) == (1, 2)
    assert paint["due_at"] == "2030-05-01T07:00:00.000000Z"
    assert [task["number"] for task in filtered["items"]] == [1]
    assert (found["total"], len(found["items"])) == (2, 1)
    assert completed["status"] == "completed"
    assert refused["code"] == "precondition_failed"
    assert undone["undone"] == completed["version"]
    assert changes["seq"] == undone["seq"]

    recipe = block("docs/api/sync.md", "python")
    base = f"{server.base_url}/api/v1/workspaces/personal"
    for start in ("begin(*sys.argv[1:3])", "{'seq': 0, 'entities': {}}", "later(*sys.argv[1:3])"):
        # As if the snapshot had been read in between: everything is told again.
        later = "def later(*where):\n    return begin(*where) | {'seq': 0}"
        program = f"import sys\n{recipe}\n{later}\nprint(json.dumps(sync(*sys.argv[1:3], {start})))"
        made = subprocess.run(
            [sys.executable, "-c", program, base, token],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        copy = json.loads(made.stdout)
        assert copy["seq"] == undone["seq"]
        mine = copy["entities"][f"task {crane['id']}"]
        shown = {name: value for name, value in mine.items() if name in crane}
        assert {**crane, **shown} == {**crane, "version": 6, "updated_at": mine["updated_at"]}
        assert mine.get("description", "") == crane["description"]
