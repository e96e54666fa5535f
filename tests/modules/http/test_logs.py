import asyncio
import io
import json
import logging
import logging.config
import warnings
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from tidework.http import logs
from tidework.http.logs import (
    MASK,
    configure,
    get_logger,
    redact,
    redact_text,
    server_log_config,
)

JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-x_y"
REFRESH = "twr_5f1cQ-pl4nt3d_s3cr3t"
PLANTED = "hunter2-pl4nted"
SECRETS = (JWT, REFRESH, PLANTED, "s1gn4ture", "c2lnbmF0dXJl")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising


def started(log_format: Literal["console", "json"] = "json", level: str = "info") -> io.StringIO:
    out = io.StringIO()
    configure(log_format, level, out)
    return out


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_json_line_has_level_logger_time_and_values() -> None:
    out = started()
    get_logger("tidework.test").info("made", count=3, ids=["a", "b"])
    (line,) = lines(out)
    time = line.pop("time")
    assert time.endswith("Z")
    assert line == {
        "event": "made",
        "level": "info",
        "logger": "tidework.test",
        "count": 3,
        "ids": ["a", "b"],
    }


def test_the_request_id_is_in_every_line_of_the_request() -> None:
    out = started()

    async def serve(request_id: str) -> None:
        structlog.contextvars.bind_contextvars(request_id=request_id)
        await asyncio.sleep(0)
        get_logger("a").info("ours")
        logging.getLogger("b").warning("theirs")

    async def both() -> None:
        await asyncio.gather(serve("r1"), serve("r2"))

    asyncio.run(both())
    found = sorted((line["request_id"], line["event"]) for line in lines(out))
    assert found == [("r1", "ours"), ("r1", "theirs"), ("r2", "ours"), ("r2", "theirs")]


def test_the_level_holds_for_both() -> None:
    out = started(level="warning")
    get_logger("a").info("no")
    logging.getLogger("b").info("no")
    get_logger("a").warning("yes")
    logging.getLogger("b").warning("yes")
    assert [line["event"] for line in lines(out)] == ["yes", "yes"]
    with pytest.raises(ValueError, match="log level"):
        configure("json", "loud")


def test_the_server_logs_through_ours() -> None:
    out = started()
    logging.config.dictConfig(server_log_config())
    logging.getLogger("_granian").info("Listening at: %s", "http://127.0.0.1:8000")
    logging.getLogger("granian.access").info("got")
    assert [line["event"] for line in lines(out)] == [
        "Listening at: http://127.0.0.1:8000",
        "got",
    ]


def test_warnings_and_loop_failures_arrive() -> None:
    out = started()
    warnings.showwarning("beware", UserWarning, "f.py", 1)

    async def fail() -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "lost", "exception": RuntimeError(f"password={PLANTED}")}
        )

    asyncio.run(fail())
    text = out.getvalue()
    assert "beware" in text
    assert "lost" in text
    assert PLANTED not in text


class Holder:
    def __repr__(self) -> str:
        return f"Holder(password={PLANTED!r})"


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


PLANTS: list[dict[str, Any]] = [
    {"password": PLANTED},
    {"new_Password": PLANTED},
    {"refresh_token": REFRESH, "access_token": JWT},
    {"TIDEWORK_SIGNING_KEY": "s1gn4ture"},
    {"headers": [(b"authorization", f"Bearer {JWT}".encode()), (b"cookie", b"r=hunter2-pl4nted")]},
    {"headers": {"Set-Cookie": f"r={PLANTED}"}},
    {"a": {"b": [{"c": ({"secret": [PLANTED]},)}]}},
    {"text": f"sent {JWT} and {REFRESH}."},
    {"text": f"Authorization: Bearer {PLANTED}"},
    {"text": f"authorization: Basic {PLANTED}"},
    {"text": f"Cookie: a=1; refresh={PLANTED}; b=2"},
    {"text": f"postgresql://tide:{PLANTED}@db:5432/x"},
    {"text": f"redis://:{PLANTED}@cache/0 and more"},
    {"text": f"GET /reset?token={PLANTED}&x=1"},
    {"text": json.dumps({"email": "a@b.c", "password": PLANTED})},
    {"text": str({"password": PLANTED, "x": 1})},
    {"text": f"-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----"},
    {"text": f'{{"kty":"OKP","d": "{PLANTED}0123456789"}}'},
    {"text": f"hash $argon2id$v=19$m=19456$c2lnbmF0dXJl${PLANTED}"},
    {"object": Holder()},
    {"error": ValueError(f"bad token={PLANTED}")},
    {"bytes": f"Bearer {PLANTED}".encode()},
]


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("planted", PLANTS, ids=lambda p: str(sorted(p)))
def test_planted_secrets_do_not_come_out(
    planted: dict[str, Any], log_format: Literal["console", "json"]
) -> None:
    out = started(log_format)
    get_logger("a").error("values", **planted)
    logging.getLogger("b").error("extra", extra={"given": planted})
    logging.getLogger("c").error("arguments %s", planted)
    text = out.getvalue()
    assert len(text.splitlines()) == 3
    assert MASK in text
    for secret in SECRETS:
        assert secret not in text


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_planted_secrets_do_not_come_out_of_tracebacks(
    log_format: Literal["console", "json"],
) -> None:
    out = started(log_format)

    def connect(password: str) -> None:
        raise ConnectionError(f"postgresql://tide:{password}@db refused token {REFRESH}")

    for log in (get_logger("a").exception, logging.getLogger("b").exception):
        try:
            try:
                connect(PLANTED)
            except ConnectionError as error:
                raise RuntimeError(f"Bearer {JWT}") from error
        except RuntimeError:
            log("failed")
    text = out.getvalue()
    assert text.count("RuntimeError") >= 2
    assert text.count("connect(PLANTED)") >= 2
    for secret in SECRETS:
        assert secret not in text


def test_wrong_arguments_of_a_log_call_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    started()
    logging.getLogger("b").error("%d", PLANTED)
    assert PLANTED not in "".join(capsys.readouterr())


def test_what_is_no_secret_stays() -> None:
    kept = {"email": "a@b.c", "title": "Buy a token ring", "url": "https://x.example/p:1", "n": 5}
    assert redact(kept) == kept
    assert redact_text("The password is too short.") == "The password is too short."
    assert redact({"is_secret": True, "token": None}) == {"is_secret": True, "token": None}


def test_nobody_can_forge_a_line() -> None:
    for log_format in ("json", "console"):
        out = started(log_format)
        get_logger("x" + log_format).info(
            "a\nfake\r\x1b[31m", title="b\nfake\u2028\x00", odd="\ud800"
        )
        logging.getLogger("b").warning("path %s", "/\n2026 fake")
        assert len(out.getvalue().splitlines()) == 2
        assert "\x1b" not in out.getvalue()


def test_whatever_is_given_can_be_written() -> None:
    out = started()
    deep: list[Any] = []
    deep.append(deep)
    get_logger("a").info("odd", broken=Broken(), deep=deep, keys={1: 2, None: 3}, s={1})
    (line,) = lines(out)
    assert line["broken"] == "<Broken>"
    get_logger("a").info("long", text="x" * 1_000_000)
    assert len(out.getvalue()) < 50_000


@given(st.text())
def test_redacting_never_fails_and_is_stable(text: str) -> None:
    redacted = redact(text)
    assert redact(redacted) == redacted
    redacted.encode("utf-8")


HOSTILE = (
    "/api/v1/tasks",
    "/a b?x='1'",
    f"/verify/{JWT}",
    f"/reset/{REFRESH}",
    "/line\nbreak\ttab\x1b[31m\u2028end\udc80",
    '/q"uote=password=' + PLANTED,
)


@pytest.mark.parametrize("log_format", ["console", "json"])
@pytest.mark.parametrize("path", HOSTILE)
async def test_a_request_s_line_reads_as_any_other_line(
    log_format: Literal["console", "json"], path: str
) -> None:
    fields = {
        "method": "G ET", "path": path, "status": 201, "ms": 12.5, "user_id": None,
        "address": "2001:db8::1",
    }  # fmt: skip
    out = started(log_format)
    logs.begin("r-1", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    logs.request(dict(fields))
    get_logger("tidework.request").info("request", **fields)
    fast, plain = out.getvalue().splitlines()
    if log_format == "json":
        assert json.loads(fast) | {"time": ""} == json.loads(plain) | {"time": ""}
    else:
        assert fast.split(" ", 1)[1] == plain.split(" ", 1)[1]
    assert not any(secret in fast for secret in SECRETS)


async def test_request_lines_are_written_when_the_loop_turns() -> None:
    out = started()
    logs.request({"path": "/1"})
    logs.request({"path": "/2"})
    assert not out.getvalue()
    await asyncio.sleep(0)
    assert [line["path"] for line in lines(out)] == ["/1", "/2"]


@pytest.mark.parametrize("level", ["warning", "error"])
async def test_request_lines_obey_the_level(level: str) -> None:
    out = started(level=level)
    logs.request({"path": "/1"})
    await asyncio.sleep(0)
    assert not out.getvalue()
