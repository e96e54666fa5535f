"""Token buckets in Redis, shared by all copies of the server.

A script takes from the buckets in one step, and asks Redis itself for the time, so that neither a
race nor the clocks of the copies count. What waits at the same moment goes out in one call.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple, cast

from redis.exceptions import NoScriptError

from tidework.cache.buckets import SLACK, Buckets, Charge, MemoryBuckets, Taken
from tidework.cache.redis import Client, RedisAway, RedisConnection

_PREFIX: Final = "tw:b:"
_MOST_AT_ONCE: Final = 200
_SCALE: Final = 1e6

# ARGV: for each caller the number of charges, then capacity, period in µs and cost of each.
# The answer: for each caller 1 or 0, then the millionths of tokens gone of each bucket.
_SCRIPT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answer, a, k = {}, 1, 0
local function put(key, used, capacity, period)
  if used <= 0 then redis.call('DEL', key)
  else
    redis.call('SET', key, struct.pack('<dd', used, now),
      'PX', math.ceil(used * period / capacity / 1000) + 1)
  end
end
while a <= #ARGV do
  local count = tonumber(ARGV[a])
  a = a + 1
  local fits, mine = 1, {}
  for i = 1, count do
    local capacity, period = tonumber(ARGV[a]), tonumber(ARGV[a + 1])
    local cost = math.min(tonumber(ARGV[a + 2]), capacity)
    a = a + 3
    k = k + 1
    local used, kept = 0, redis.call('GET', KEYS[k])
    if kept then
      local at
      used, at = struct.unpack('<dd', kept)
      if now > at then
        used = math.max(0, used - (now - at) * capacity / period)
      elseif now < at then
        -- The clock was set back (another server took over): go on from here.
        put(KEYS[k], used, capacity, period)
      end
    end
    if cost > 0 and used + cost > capacity + SLACK then fits = 0 end
    mine[i] = {KEYS[k], used, capacity, period, cost}
  end
  answer[#answer + 1] = fits
  for i = 1, count do
    local b = mine[i]
    if fits == 1 then
      b[2] = math.max(0, b[2] + b[5])
      if b[5] ~= 0 then put(b[1], b[2], b[3], b[4]) end
    end
    answer[#answer + 1] = math.ceil(b[2] * 1000000)
  end
end
return answer
""".replace("SLACK", f"{SLACK:.9f}")
_SHA: Final = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


class _Waiting(NamedTuple):
    charges: Sequence[Charge]
    done: "asyncio.Future[Taken]"


class RedisBuckets(Buckets):
    """Buckets in Redis; those of `memory` while Redis is away."""

    def __init__(self, connection: RedisConnection, memory: MemoryBuckets) -> None:
        self._connection = connection
        self._memory = memory
        self._waiting: list[_Waiting] = []
        self._sender: asyncio.Task[None] | None = None

    async def take(self, charges: Sequence[Charge]) -> Taken:
        if not self._connection.is_open:
            return self._memory.take_now(charges)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(charges, loop.create_future())
        self._waiting.append(waiting)
        if self._sender is None:
            self._sender = loop.create_task(self._send(), name="limits")
        return await waiting.done

    async def fill(self, charges: Sequence[Charge]) -> None:
        await self._memory.fill(charges)
        names = [_PREFIX + charge.name for charge in charges]

        async def delete(redis: Client) -> None:
            await redis.execute_command("DEL", *names)

        try:
            await self._connection.ask(delete)
        except RedisAway:
            return

    async def _send(self) -> None:
        """Send what waits, one call at a time, until nothing waits any more."""
        try:
            while self._waiting:
                group = self._waiting[:_MOST_AT_ONCE]
                del self._waiting[:_MOST_AT_ONCE]
                await self._serve(group)
        finally:
            self._sender = None
            self._by_memory(self._waiting)
            self._waiting = []

    async def _serve(self, group: Sequence[_Waiting]) -> None:
        try:
            answer = iter(await self._connection.ask(lambda redis: _call(redis, group)))
            for waiting in group:
                allowed = bool(next(answer))
                taken = Taken(allowed, [next(answer) / _SCALE for _ in waiting.charges])
                if not waiting.done.done():
                    waiting.done.set_result(taken)
        except RedisAway:
            return
        finally:
            # Whoever has no answer, for whatever reason, is not kept waiting.
            self._by_memory(group)

    def _by_memory(self, group: Sequence[_Waiting]) -> None:
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_result(self._memory.take_now(waiting.charges))


async def _call(redis: Client, group: Sequence[_Waiting]) -> list[int]:
    names: list[str] = []
    numbers: list[int] = []
    for waiting in group:
        numbers.append(len(waiting.charges))
        for charge in waiting.charges:
            names.append(_PREFIX + charge.name)
            numbers += (charge.capacity, charge.period * 1_000_000, charge.cost)
    try:
        answer = await redis.execute_command("EVALSHA", _SHA, len(names), *names, *numbers)
    except NoScriptError:
        answer = await redis.execute_command("EVAL", _SCRIPT, len(names), *names, *numbers)
    return cast("list[int]", answer)
