"""How much a stream may take, who may open one, and how it ends; the same on every database."""

import pytest
from tests.modules.live.world import reader_of, refused, seqs, tasks, until
from tests.services.api import Api, OpenApi
from tests.services.live import listening

from tidework.live import commits, feed, hub


async def test_signs_of_life_come_while_nothing_happens(open_api: OpenApi) -> None:
    api = await open_api(LIVE_HEARTBEAT_SECONDS="1")
    ada = await api.person()
    async with listening(ada) as stream, listening(ada, kind="websocket") as socket:
        for one in (stream, socket):
            await one.next("ready")
            await one.next("alive")
            await one.next("alive")


async def test_who_takes_nothing_is_dropped_and_catches_up(open_api: OpenApi) -> None:
    api = await open_api(LIVE_HEARTBEAT_SECONDS="1")
    ada = await api.person()
    async with listening(ada) as other:
        await other.next("ready")
        async with listening(ada) as slow:
            assert (await slow.next("ready")).id == 1
            slow.hang()
            await tasks(ada, 3)
            await until(lambda: api.app.streams.metrics.open == 1)
        assert api.app.streams.metrics._ended["too_slow"] == 1
        assert await seqs(other, 3) == [2, 3, 4]
    async with listening(ada, last=1) as again:
        await again.next("ready")
        assert await seqs(again, 3) == [2, 3, 4]


async def test_a_reader_keeps_no_more_than_so_much_waiting(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "_MOST_COMMITS", 3)
    ada = await api.person()
    async with listening(ada) as stream:
        await stream.next("ready")
        # The commit that it is being sent does not end.
        stream.hang()
        await tasks(ada, 1)
        await until(lambda: reader_of(api).seq == 2)
        await tasks(ada, 5)
        await until(lambda: reader_of(api).feed.first > 2)
        assert len(reader_of(api).feed._commits) <= 3
        stream._flowing.set()
        assert await stream.end() == "too_slow"


async def test_a_commit_that_is_too_large_is_told_without_its_changes(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "LARGEST", 2_000)
    ada = await api.person()
    async with listening(ada) as stream:
        await stream.next("ready")
        await ada.made("~/tasks", {"title": "T", "description": "d" * 3_000})
        operations = [{"op": "create", "data": {"title": "T"}} for _ in range(40)]
        await ada.made("~/tasks/batch", {"operations": operations})
        await tasks(ada, 1)
        one, many, small = await stream.commits(3)
        for event in (one, many):
            assert (event.data["whole"], event.data["changes"]) == (False, [])
            assert event.data["events"] == ["task.created"]
        assert small.data["whole"] is True


async def test_what_nobody_waits_for_is_forgotten(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_KEPT_S", 0.0)
    ada = await api.person()
    async with listening(ada) as stream:
        await stream.next("ready")
        await tasks(ada, 3)
        await stream.commits(3)
        kept = reader_of(api).feed
        await until(lambda: not kept._commits)
        assert (kept.first, kept.last) == (4, 4)
        await tasks(ada, 1)
        assert await seqs(stream, 1) == [5]
    await until(lambda: not api.app.streams.roster.feeds)


async def test_what_cannot_be_read_isrefused(api: Api) -> None:
    ada = await api.person()
    for options in ({"last": "x"}, {"last": "1" * 30}, {"since": -1}):
        async with listening(ada, **options) as stream:  # type: ignore[arg-type]
            await refused(stream, "sse", 422, "invalid")
    for workspace in ("nonsense", ada.id):
        async with listening(ada, workspace=workspace) as stream:
            await refused(stream, "sse", 404, "not_found")
    async with listening(ada, header=False) as stream:
        await refused(stream, "sse", 401, "unauthenticated")
    answer = await ada.post("~/events", {})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_head_request_opens_nothing(api: Api) -> None:
    ada = await api.person()
    async with listening(ada, method="HEAD") as stream:
        await until(lambda: stream.ended)
        assert (stream.status, stream.text) == (200, "")
    assert api.app.streams.metrics.open == 0


async def test_who_leaves_is_forgotten(api: Api) -> None:
    ada = await api.person()
    async with listening(ada) as stream, listening(ada, kind="websocket") as socket:
        await stream.next("ready")
        await socket.next("ready")
        assert api.app.streams.metrics.open == 2
    live = api.app.streams
    assert live.metrics.open == 0
    assert live.roster.is_empty


async def test_an_account_may_open_so_many(open_api: OpenApi) -> None:
    api = await open_api(LIVE_STREAMS_PER_ACCOUNT="2", LIVE_STREAMS="3")
    ada, bob = await api.person(), await api.person()
    async with listening(ada) as one, listening(ada, kind="websocket") as two:
        await one.next("ready")
        await two.next("ready")
        async with listening(ada) as three:
            await refused(three, "sse", 429, "too_many_streams")
            assert three.headers["retry-after"] == "30"
        async with listening(ada, kind="websocket") as three:
            await refused(three, "websocket", 429, "too_many_streams")
        async with listening(bob) as other:
            await other.next("ready")
            async with listening(bob) as fourth:
                await refused(fourth, "sse", 503, "overloaded")
    async with listening(ada) as again:
        await again.next("ready")


async def test_a_server_that_ends_sends_its_readers_elsewhere(api: Api) -> None:
    ada = await api.person()
    async with listening(ada) as stream, listening(ada, kind="websocket") as socket:
        for one in (stream, socket):
            await one.next("ready")
        api.app.stopping.begin()
        for one in (stream, socket):
            assert await one.end() == "restarting"
            assert 100 <= one._events[-1].data["retry_ms"] <= 20_000
        assert socket.closing == 1001
        assert "\nretry: " in stream.text
        async with listening(ada) as late:
            await refused(late, "sse", 503, "stopping")


async def test_metrics_tell_what_is_open(open_api: OpenApi) -> None:
    api = await open_api(METRICS="public")
    ada = await api.person()
    async with listening(ada) as stream:
        await stream.next("ready")
        await tasks(ada, 2)
        await stream.commits(2)
        text = (await api.client.get("/metrics")).text
        assert 'tidework_live_streams{kind="sse"} 1.0' in text
        assert 'tidework_live_commits_total{from="now"} 2.0' in text
        assert "tidework_live_lag_seconds_count 2.0" in text
        assert 'route="/api/v1/workspaces/{w}/events",status="200"' in text
    text = (await api.client.get("/metrics")).text
    assert 'tidework_live_streams{kind="sse"} 0.0' in text
    assert 'tidework_live_ended_total{reason="left"} 1.0' in text
