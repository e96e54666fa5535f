"""Cursors: what was tampered with is refused, and paging holds still while others write."""

import base64
import json
from typing import Any
from urllib.parse import quote

from tests.modules.tasks.test_lists import SORTS, in_order
from tests.modules.tasks.world import NOBODY, batch, items, make, pointer
from tests.services.api import Api


def packed(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_cursors_that_were_tampered_with(api: Api) -> None:
    ada = await api.person()
    tasks = await make(ada, *(f"Task {number}" for number in range(3)))
    one = tasks[0]["id"]
    for sort in [way + name for name in SORTS for way in ("", "-")]:
        page = (await ada.get(f"~/tasks?sort={sort}&limit=1")).json()
        cursor = page["next_cursor"]
        seal, key, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        other = 2**62 if isinstance(key, str) else "text"
        spare = [f"{cursor[:-1]}{chr(ord(cursor[-1]) + 1)}", f"{cursor}="]
        wrong = [
            *spare, cursor[:-1], cursor[:-7], cursor[1:], f"{cursor}A", "x", "%00", "=" * 4, "🙂", "A" * 7500,
            packed(["0" * len(seal), key, last]), packed([None, key, last]), packed([key, last]),
            packed([seal, other, last]), packed([seal, None, last]), packed([seal, key, NOBODY]),
            packed([seal, key, "x"]), packed([seal, key, None]), packed([seal, key]),
            packed([seal, key, last, last]), packed([seal, [key], last]), packed({}), packed("x"),
            packed([seal, 2**63, last]), packed([seal, -(2**63), last]), packed([seal, 10**40, last]),
            packed([seal, 1.5, last]), packed([seal, True, last]), packed([seal, "a\0b", last]),
            packed(b'["\xff"]'), packed(b"[" * 5000),
            packed(b'["' + seal.encode() + b'","\\ud800","' + last.encode() + b'"]'),
        ]  # fmt: skip
        for text in wrong:
            answer = await ada.get(f"~/tasks?sort={sort}&limit=1&cursor={quote(text)}")
            assert pointer(answer) == "?cursor", (sort, text)
    for path in (f"~/tasks/{one}/comments", f"~/tasks/{one}/history"):
        for text in (
            "x",
            packed([]),
            packed(["x", "y"]),
            packed([2**63]),
            packed(["0", one]),
            packed(b"\xff"),
        ):
            assert pointer(await ada.get(f"{path}?cursor={text}")) == "?cursor", (path, text)
        for query in ("limit=0", "limit=501", "limit=x", "page=1", "limit=-1"):
            assert pointer(await ada.get(f"{path}?{query}")).startswith("?"), (path, query)
    both = await ada.get(f"~/tasks?page=1&cursor={cursor}")
    assert pointer(both) == "?page"


async def test_cursors_hold_still_while_others_write(api: Api) -> None:
    ada = await api.person()
    made = await make(ada, *(f"Task {number:02}" for number in range(30)))
    for sort in ("number", "-number", "title", "-created_at", "position", "-position"):
        stay = [task for task in made if task is not None]
        wanted = [task["id"] for task in in_order(stay, sort)]
        found: list[str] = []
        cursor = ""
        new: list[str] = []
        left: list[str] = []
        while True:
            page = (await ada.get(f"~/tasks?sort={sort}&limit=4{cursor}")).json()
            found += [task["id"] for task in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
            # The task that the page ended with goes, others come on both sides of it.
            gone = page["items"][-1]["id"]
            left = [one for one in left if one != gone]
            made = [task for task in made if task["id"] != gone]
            added = await batch(
                ada,
                {"op": "delete", "id": gone},
                {"op": "create", "data": {"title": "A first", "position": "1"}},
                {"op": "create", "data": {"title": "Z last"}},
            )
            new += [result["id"] for result in added[1:]]
            left += [result["id"] for result in added[1:]]
        assert [one for one in found if one not in new] == wanted, sort
        assert len(found) == len(set(found)), sort
        await batch(ada, *({"op": "delete", "id": one} for one in left))
        made = await items(ada, "~/tasks?limit=100")
        made += await make(ada, *(f"Task {number:02}" for number in range(30 - len(made))))
