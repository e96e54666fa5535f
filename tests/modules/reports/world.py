"""What tests of reports share."""

import asyncio
import csv
import io
from typing import Any

from openpyxl import load_workbook
from pypdf import PdfReader
from tests.services.api import Api, Person

DEADLINE_S = 60


async def asked(person: Person, **spec: Any) -> dict[str, Any]:
    """A report that has been asked for."""
    answer = await person.post("~/reports", spec)
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"].endswith(f"/reports/{made['id']}")
    return made


async def ended(person: Person, report_id: str, state: str = "done") -> dict[str, Any]:
    """A report when it is in this state."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            found: dict[str, Any] = (await person.get(f"~/reports/{report_id}")).json()
            if found["state"] == state:
                return found
            assert found["state"] in ("waiting", "running"), found
            await asyncio.sleep(0.02)


async def made(person: Person, **spec: Any) -> dict[str, Any]:
    """A report that is there."""
    return await ended(person, (await asked(person, **spec))["id"])


async def fetched(api: Api, report: dict[str, Any]) -> bytes:
    """The file of a report, by its link alone."""
    answer = await api.client.get(report["download_url"])
    assert answer.status_code == 200, answer.text
    assert len(answer.content) == report["size"]
    assert answer.headers["content-length"] == str(report["size"])
    return answer.content


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def sheet(content: bytes, name: str) -> list[dict[str, Any]]:
    """The rows of a sheet by the names in its first row."""
    book = load_workbook(io.BytesIO(content), read_only=True)
    rows = [[cell.value for cell in row] for row in book[name].rows]
    return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
