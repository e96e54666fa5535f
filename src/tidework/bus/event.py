"""Events: what the log says has happened, for others. The envelope is CloudEvents 1.0, structured JSON."""

from typing import Any

import msgspec

CONTENT_TYPE = "application/cloudevents+json"


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One event; it follows from one change of the log and is the same however often it is made.

    `type` is its name in the catalogue, `subject` the entity as `tasks/<id>`. `data` is
    `{id, values, before}`: what was set, and what it was before. Extensions: `streamid` is the
    workspace or the account, `seq` and `ordinal` the place in its log, `actorid` who did it,
    `imported` whether it happened elsewhere, at `time`.
    """

    id: str
    source: str
    type: str
    subject: str
    time: str
    dataschema: str
    data: dict[str, Any]
    streamid: str
    seq: int
    ordinal: int
    actorid: str | None = None
    imported: bool = False
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """The event as a JSON document."""
    return _encoder.encode(event)


def decode(body: bytes) -> Event:
    """The event of a JSON document. Raises `msgspec.DecodeError` for anything else."""
    return _decoder.decode(body)
