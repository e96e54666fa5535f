"""Queries that leave their streams are refused, however they hide it."""

import importlib
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from sqlalchemy import (
    and_,
    bindparam,
    column,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
)

from tidework.store.sql import check
from tidework.store.sql.schema import comments, emails, tasks, user_workspaces, workspaces
from tidework.store.sql.statement import Statement, StreamlessQuery, check_streams
from tidework.store.sql.tables import HasAny, any_of

p, many = bindparam("stream_id"), bindparam("stream_ids", expanding=True)
a = tasks.alias("a")
T, C = tasks.c, comments.c
x = select(T.id, T.stream_id).where(T.stream_id == p).subquery("x")


def _walk(held: bool) -> Any:
    walk = select(T.id, T.parent_id).where(T.stream_id == p).cte("walk", recursive=True)
    step = select(a.c.id, a.c.parent_id).where(a.c.id == walk.c.parent_id)
    return walk.union(step.where(a.c.stream_id == p) if held else step)


walk, loose_walk = _walk(True), _walk(False)

GOOD: dict[str, Any] = {
    "plain": select(T.id).where(T.stream_id == p),
    "lit": select(T.id).where(T.stream_id == "u"),
    "in": select(T.id).where(T.stream_id.in_(many)),
    "and": select(T.id).where(and_(T.stream_id == p, or_(T.title == "x", T.title == "y"))),
    "join": select(T.id, C.id)
    .join(comments, and_(C.stream_id == T.stream_id, C.task_id == T.id))
    .where(T.stream_id == p),
    "where join": select(T.id, C.id).where(C.stream_id == T.stream_id, T.stream_id == p),
    "left": select(T.id, C.id)
    .outerjoin(comments, and_(C.stream_id == T.stream_id, C.task_id == T.id))
    .where(T.stream_id == p),
    "alias": select(a.c.id).where(a.c.stream_id == p),
    "both": select(a.c.id, T.id).where(a.c.stream_id == p, T.stream_id == a.c.stream_id),
    "exists": select(T.id).where(
        T.stream_id == p, exists().where(C.stream_id == T.stream_id, C.task_id == T.id)
    ),
    "scalar": select(
        T.id,
        select(func.count())
        .select_from(comments)
        .where(C.stream_id == T.stream_id)
        .scalar_subquery(),
    ).where(T.stream_id == p),
    "from sub": select(x.c.id),
    "join sub": select(x.c.id, T.title).join(x, and_(x.c.id == T.id, x.c.stream_id == T.stream_id)),
    "union": union_all(select(T.id).where(T.stream_id == p), select(C.id).where(C.stream_id == p)),
    "cte": select(select(T.id).where(T.stream_id == p).cte("c").c.id),
    "lookup": select(emails.c.user_id).where(emails.c.email == p),
    "json_each": select(T.id).where(
        T.stream_id == p,
        exists(
            select(1)
            .select_from(func.json_each(T.label_ids).table_valued("value"))
            .where(column("value") == "x")
        ),
    ),
    "any of": select(T.id).where(any_of(T.stream_id, "ids")),
    "lateral": select(T.id, select(C.id).where(C.stream_id == T.stream_id).lateral("l").c.id).where(
        T.stream_id == p
    ),
    "recursive": select(walk.c.id),
}
BAD: dict[str, Any] = {
    "none": select(T.id),
    "or": select(T.id).where(or_(T.stream_id == p, T.title == "x")),
    "not": select(T.id).where(not_(T.stream_id == p)),
    "ne": select(T.id).where(T.stream_id != p),
    "self": select(T.id).where(T.stream_id == T.stream_id),
    "join": select(T.id, C.id).join(comments, C.task_id == T.id).where(T.stream_id == p),
    "alias beside": select(a.c.id, T.id).where(a.c.stream_id == p),
    "table beside": select(a.c.id, T.id).where(T.stream_id == p),
    "sub": select(T.id).where(T.stream_id == p, T.id.in_(select(C.task_id))),
    "sub same table": select(T.id).where(
        T.stream_id == p, T.parent_id.in_(select(a.c.id).where(a.c.title == "x"))
    ),
    "sub same table plain": select(T.id).where(T.stream_id == p, T.parent_id.in_(select(T.id))),
    "from sub": select(select(T.id).subquery().c.id),
    "union": union_all(select(T.id).where(T.stream_id == p), select(C.id)),
    "cte": select(select(T.id).cte("c").c.id),
    "left": select(T.id, C.id).outerjoin(
        comments, and_(C.stream_id == T.stream_id, T.stream_id == p)
    ),
    "lookup": select(workspaces.c.name)
    .join(user_workspaces, user_workspaces.c.workspace_id == workspaces.c.stream_id)
    .where(user_workspaces.c.user_id == p),
    "count": select(func.count()).select_from(tasks),
    "scalar": select(select(func.count()).select_from(tasks).scalar_subquery()),
    "outer holds not inner-only": select(emails.c.email).where(
        exists(select(T.id).where(T.title == emails.c.email))
    ),
    "inner cond holding outer": select(T.id).where(
        exists(select(C.id).where(C.stream_id == p, T.stream_id == C.stream_id))
    ),
    "column of other": select(T.id).where(T.stream_id == T.id),
    "order": select(emails.c.email).order_by(
        select(func.count()).select_from(tasks).scalar_subquery()
    ),
    "any of another": select(T.id).where(any_of(T.id, "ids")),
    "has any": select(T.id).where(HasAny(T.label_ids, "ids")),
    "any of, or": select(T.id).where(or_(any_of(T.stream_id, "ids"), T.title == "x")),
    "sample": select(tasks.tablesample(1).c.id),
    "deep": select(T.id).where(
        T.stream_id == p, exists(select(1).where(exists(select(C.id).where(C.body == "x"))))
    ),
    "another's parameter": select(T.id).where(
        T.stream_id == p, T.id.in_(select(a.c.id).where(T.stream_id == p))
    ),
    "case": select(T.id).where((T.stream_id == p).is_(True)),
    "recursive": select(loose_walk.c.id),
}


@pytest.mark.parametrize("query", GOOD.values(), ids=GOOD)
def test_queries_that_name_their_streams(query: Any) -> None:
    check_streams("good", query)


@pytest.mark.parametrize("query", BAD.values(), ids=BAD)
def test_queries_that_do_not(query: Any) -> None:
    with pytest.raises(StreamlessQuery, match=r"query 'bad' reads (tasks|comments|workspaces)"):
        Statement("bad", query).compiled("sqlite")
    Statement("bad", query, fan_out="somebody said why").compiled("sqlite")


def test_the_refusal_names_the_table_and_the_way_out() -> None:
    with pytest.raises(StreamlessQuery, match=r"tasks AS a without .* fan_out="):
        Statement("list", select(a.c.id, T.id).where(T.stream_id == p)).compiled("sqlite")


def test_the_product_passes() -> None:
    assert check.main() == 0


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('ROWS = "SELECT id FROM tasks WHERE id = ?"', "1: SQL text on tasks"),
        ('x = 1\nROWS = f"select a.id from {x} join members a"', "2: SQL text on members"),
        ('"""A module."""\nrun("""\n  UPDATE streams SET seq = 1""")', "2: SQL text on streams"),
        ('run("DELETE FROM " "sessions")', "1: SQL text on sessions"),
        ("from sqlalchemy import select, text", "1: imports text"),
        ("from sqlalchemy.sql import text as raw", "1: imports text"),
        ("import sqlalchemy as sa\nsa.text('x')", "2: uses text"),
        ('ROWS = "SELECT key FROM issues"', None),
        ('HELP = "Select a task from tasks that you may see."', None),
        ('HELP = "update the list, then delete from memory"', None),
        ("import text\ntext.text('x')", None),
    ],
)
def test_sql_as_text(tmp_path: Path, source: str, found: str | None) -> None:
    (tmp_path / "store").mkdir()
    for folder in (tmp_path, tmp_path / "store"):
        (folder / "queries.py").write_text(source)
    problems = list(check.check_sources(tmp_path))
    if found is None:
        assert problems == []
    else:
        [problem] = problems
        assert problem.startswith(f"{tmp_path / 'queries.py'}:{found}")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("Q = Statement('q', select(tasks.c.id).where(tasks.c.stream_id == P))", None),
        ("Q = Statement('q', select(tasks.c.id))", "query 'q' reads tasks"),
        (
            """
            @lru_cache
            def page(*, narrow: bool) -> Statement:
                query = select(tasks.c.id)
                return Statement('page', query.where(tasks.c.stream_id == P) if narrow else query)
            """,
            "query 'page' reads tasks",
        ),
        (
            """
            @lru_cache
            def page(sort: str) -> Statement:
                return Statement('page', select(tasks.c.id).where(tasks.c.stream_id == P))
            """,
            r"nobody calls page\(\)",
        ),
        (
            """
            @lru_cache
            def page(sort: str) -> Statement:
                return Statement('page', select(tasks.c.id))

            def examples():
                yield page('id')
            """,
            "query 'page' reads tasks",
        ),
    ],
)
def test_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, found: str | None
) -> None:
    name = f"planted_{abs(hash(body))}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    head = """
        from functools import lru_cache
        from sqlalchemy import bindparam, select
        from tidework.store.sql.schema import tasks
        from tidework.store.sql.statement import Statement
        P = bindparam("stream_id")
        """
    (tmp_path / name / "queries.py").write_text(dedent(head) + dedent(body))
    monkeypatch.syspath_prepend(tmp_path)
    problems = list(check.check_modules(importlib.import_module(name)))
    if found is None:
        assert problems == []
    else:
        [problem] = problems
        assert re.match(rf"{name}\.queries: {found}", problem)
