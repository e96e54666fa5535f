"""The change log: what was done to a stream, in order. Knows no SQL and no HTTP."""

from tidework.log.change import (
    Change,
    Commit,
    Committed,
    Expect,
    IdempotencyKey,
    LoggedChange,
    Operation,
    Values,
)
from tidework.log.fold import Entities, Entity, fold, step
from tidework.log.inverse import inverse

__all__ = [
    "Change",
    "Commit",
    "Committed",
    "Entities",
    "Entity",
    "Expect",
    "IdempotencyKey",
    "LoggedChange",
    "Operation",
    "Values",
    "fold",
    "inverse",
    "step",
]
