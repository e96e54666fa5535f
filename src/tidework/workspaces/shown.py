"""Members and workspaces as callers see them."""

from typing import Any

from tidework.users.api import DELETED_NAME, Account
from tidework.workspaces.schemas import MemberOut


def member_out(account: Account | None, user_id: str, role: Any, *rest: Any) -> MemberOut:
    """A member, with what their account says; `rest` is when they came, and the version."""
    if account is None:
        return MemberOut(user_id, DELETED_NAME, None, role, False, False, *rest)
    name, email = account.name, account.email
    return MemberOut(user_id, name, email, role, account.is_active, account.placeholder, *rest)
