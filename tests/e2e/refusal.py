"""What every refusal of a command looks like."""

import subprocess


def refused(done: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """The one line that a command ended with."""
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("tidework: ")
    return lines[0]


def done_well(done: subprocess.CompletedProcess[str]) -> str:
    """The standard output of a command that worked."""
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
