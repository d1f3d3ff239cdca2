"""Stores for the contracts, each on an empty database."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from redis import Redis

from contracts.redis_servers import SERVERS, Notebook, OpenConnection, OpenStore
from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.redis.connection import Connection, connect
from frontdesk.adapters.redis.store import RedisStore


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture(scope="session", params=list(SERVERS))
def server_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as url:
        yield url


@pytest.fixture
def redis_url(server_url: str) -> str:
    """An empty database."""
    with Redis.from_url(server_url) as client:
        client.flushdb()
    return server_url


@pytest.fixture
async def open_connection(redis_url: str) -> AsyncIterator[OpenConnection]:
    """Connections to the empty database, with whatever a test wants otherwise."""
    async with AsyncExitStack() as opened:

        async def open_one(**wishes: object) -> Connection:
            config = RedisConfig.model_validate({"url": redis_url, "poll_seconds": 0.1, **wishes})
            connection = await connect(config)
            opened.push_async_callback(connection.close)
            return connection

        yield open_one


@pytest.fixture
def open_store(open_connection: OpenConnection, notebook: Notebook) -> OpenStore:
    async def open_one(**wishes: object) -> RedisStore:
        return RedisStore(await open_connection(**wishes), notebook)

    return open_one
