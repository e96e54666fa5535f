"""The AsyncAPI 3 document of the events, and the JSON schemas that it and `dataschema` name."""

from typing import Any, Final

from tidework.bus import catalogue
from tidework.bus.event import CONTENT_TYPE

_MEANINGS: Final = {
    "task.completed": "A task was completed; comes after its task.updated or task.created.",
    "task.reopened": "A completed task was opened again; comes after its task.updated.",
    "task.assigned": "A task has an assignee, or another one; comes after its task.updated or"
    " task.created.",
    "task.unassigned": "A task has no assignee any more; comes after its task.updated.",
    "user.registered": "An account was made.",
    "user.deactivated": "An account may not be used any more; comes after its user.updated.",
    "user.reactivated": "An account may be used again; comes after its user.updated.",
    "user.role_changed": "An account is an administrator's, or is not any more; comes after its"
    " user.updated.",
    "member.added": "Somebody is a member of a workspace.",
    "member.role_changed": "A member's role has changed.",
    "member.removed": "Somebody is no member of a workspace any more.",
    "relation.added": "A task is related to another one.",
    "relation.removed": "A task is not related to another one any more.",
}
_VERBS: Final = {
    "created": "was made",
    "updated": "has changed",
    "deleted": "was deleted",
    "added": "was added",
    "removed": "was removed",
}


def meaning(kind: str) -> str:
    """What a type of event says, in a sentence."""
    if kind in _MEANINGS:
        return _MEANINGS[kind]
    what, _, how = kind.partition(".")
    return f"A {what.replace('_', ' ')} {_VERBS.get(how, how.replace('_', ' '))}."


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON schema of the events of a type, envelope and data."""
    text = {"type": "string"}
    properties: dict[str, Any] = {
        "specversion": {"const": "1.0"},
        "id": {**text, "description": "The same however often the event comes."},
        "source": {**text, "format": "uri-reference"},
        "type": {"const": kind},
        "subject": {**text, "description": "What it is about, such as tasks/<id>."},
        "time": {**text, "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"const": f"urn:tidework:event:{kind}:{catalogue.VERSION}"},
        "streamid": {**text, "format": "uuid", "description": "The workspace or the account."},
        "seq": {"type": "integer", "minimum": 1, "description": "The commit in its stream."},
        "ordinal": {"type": "integer", "minimum": 0, "description": "The change in its commit."},
        "actorid": {
            "type": ["string", "null"],
            "description": "The account of whoever did it; null: the system.",
        },
        "imported": {
            "type": "boolean",
            "description": "It happened elsewhere, at `time`, and was imported.",
        },
        "data": {
            "type": "object",
            "properties": {
                "id": text,
                "values": {"type": "object", "description": "The fields that were set."},
                "before": {"type": "object", "description": "What they were before."},
            },
            "required": ["id", "values", "before"],
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tidework:event:{kind}:{catalogue.VERSION}",
        "title": kind,
        "description": meaning(kind),
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name != "datacontenttype"],
    }


def _channel(kinds: list[str]) -> dict[str, Any]:
    return {
        "address": "tidework.events",
        "title": "All events",
        "description": (
            "RabbitMQ: the topic exchange tidework.events, routed by type. NATS: the"
            " subjects tidework.events.<type>. Redis: the stream tidework:events. Kafka:"
            " the topic tidework.events, keyed by streamid."
        ),
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in kinds},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": "tidework.events", "type": "topic", "durable": True},
            },
            "kafka": {"topic": "tidework.events"},
        },
    }


def document(version: str) -> dict[str, Any]:
    """The AsyncAPI 3.0 document of this version."""
    kinds = sorted(set(catalogue.TYPES))
    messages = {
        kind: {
            "name": kind,
            "title": meaning(kind),
            "contentType": CONTENT_TYPE,
            "payload": {"$ref": f"#/components/schemas/{kind}"},
        }
        for kind in kinds
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tidework events",
            "version": version,
            "license": {"name": "Apache-2.0"},
            "description": (
                "What has happened, as CloudEvents 1.0 in structured JSON. Each comes at least"
                " once: take in each `id` once. The events of one `streamid` come in the order of"
                " `seq` and `ordinal`; after a failure some may come again."
            ),
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {"events": _channel(kinds)},
        "operations": {
            "publish": {
                "action": "send",
                "channel": {"$ref": "#/channels/events"},
                "summary": "Tidework publishes what has happened.",
            }
        },
        "components": {
            "messages": messages,
            "schemas": {kind: schema_of(kind) for kind in kinds},
        },
    }
