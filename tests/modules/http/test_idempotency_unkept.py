"""An answer that cannot be kept is true all the same: its commit is in the log."""

import pytest
from tests.services.api import Api

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.http.idempotency import Idempotency


@pytest.mark.parametrize("error", [Unavailable("away", code="database"), OutcomeUnknown("cut off")])
async def test_what_is_done_is_not_told_to_have_failed(
    api: Api, monkeypatch: pytest.MonkeyPatch, error: Unavailable
) -> None:
    """The database goes away between the commit and the keeping of its answer.

    Found by tests/faults/test_kills.py: 503 `database`, and the task was there.
    """
    ada = await api.person()

    async def away(*_: object) -> None:
        raise error

    headers = {"idempotency-key": "k-1"}
    with monkeypatch.context() as broken:
        broken.setattr(Idempotency, "_keep", away)
        first = await ada.post("~/tasks", {"title": "one"}, headers=headers)
    assert first.status_code == 201, first.text
    again = await ada.post("~/tasks", {"title": "one"}, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert len((await ada.get("~/tasks")).json()["items"]) == 1
