"""Small facts in Redis that outlive the process."""

from frontdesk.adapters.redis import codec, keys
from frontdesk.adapters.redis.connection import Connection


class RedisNotebook:
    """Implements `frontdesk.ports.notebook.Notebook`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, name: str, text: str, seconds: float) -> None:
        await self._connection.do("SET", keys.note(name), text, "PX", _milliseconds(seconds))

    async def get(self, name: str) -> str | None:
        found = await self._connection.do("GET", keys.note(name))
        return None if found is None else codec.text(found)

    async def forget(self, name: str) -> None:
        await self._connection.do("DEL", keys.note(name))

    async def add(self, name: str, amount: int, seconds: float) -> int:
        counted = await self._connection.run_on("count", (keys.note(name),), amount, _milliseconds(seconds))
        return int(str(codec.text(counted) if isinstance(counted, bytes) else counted))


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
