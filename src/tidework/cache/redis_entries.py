"""Entries of the second tier in Redis."""

from tidework.cache.redis import RedisAway, RedisConnection


class RedisEntries:
    """See `second_tier.Entries`."""

    def __init__(self, redis: RedisConnection) -> None:
        self._redis = redis

    async def get(self, key: bytes) -> bytes | None:
        """See `second_tier.Entries.get`."""
        try:
            found: bytes | None = await self._redis.ask(
                lambda client: client.execute_command("GET", key)
            )
        except RedisAway:
            return None
        return found

    async def put(self, key: bytes, value: bytes, seconds: int) -> None:
        """See `second_tier.Entries.put`."""
        try:
            await self._redis.ask(
                lambda client: client.execute_command("SET", key, value, "EX", seconds)
            )
        except RedisAway:
            return
