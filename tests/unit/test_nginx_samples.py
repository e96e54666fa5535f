"""The configurations in deploy/nginx are what their first lines say."""

import shlex
from pathlib import Path

import pytest

from tidework import cli
from tidework.cluster.edge import VARIANTS

FOLDER = Path(__file__).parents[2] / "deploy/nginx"
SAMPLES = sorted(FOLDER.glob("*.conf"))


def test_there_is_one_of_each_variant() -> None:
    assert {*VARIANTS} <= {path.stem for path in SAMPLES}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_named_command_makes_the_file(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = path.read_text()
    [line] = [one for one in text.splitlines() if "Rendered by: " in one]
    command = shlex.split(line.partition("Rendered by: ")[2])
    assert command[0] == "tidework"
    assert cli.run(command[1:]) == 0
    assert capsys.readouterr().out == text, f"{shlex.join(command)} >{path}"


def test_what_cannot_be_rendered_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["--variant", "x"], ["--copy", "nowhere"], ["--tls", "one"],
                  ["--copy", "h:1,backup"]):  # fmt: skip
        assert cli.run(["cluster", "nginx", *wrong]) != 0
        assert capsys.readouterr().err.startswith("tidework: ")
