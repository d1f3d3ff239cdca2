"""Real stores for the contracts: the desk's own Valkey, Redis from this machine, and one that the environment names."""

import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Unreachable

from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.redis.connection import Connection, connect
from frontdesk.adapters.redis.embedded import EmbeddedValkey
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.domain.turns import TurnTrace


class Notebook:
    """Telemetry that a test can read."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def count(self, what: str, **labels: str) -> None:
        self.lines.append(what)

    def note(self, what: str, **facts: object) -> None:
        self.lines.append(what)

    def trouble(self, what: str, error: BaseException | None = None, **facts: object) -> None:
        self.lines.append(what)

    def turn_ended(self, trace: TurnTrace) -> None:
        self.lines.append(trace.turn)


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


def _valkey(folder: Path) -> Iterator[str]:
    server = EmbeddedValkey.start_now(folder)
    yield server.url
    server.stop()


def _redis_here(folder: Path) -> Iterator[str]:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no redis-server on this machine")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    with Redis.from_url(url) as client:
        while server.poll() is None:
            try:
                client.ping()
                break
            except Unreachable:
                continue
    yield url
    server.terminate()
    server.wait()


def _redis_elsewhere(folder: Path) -> Iterator[str]:
    url = os.environ.get("FRONTDESK_TEST_REDIS_URL")
    if not url:
        pytest.skip("FRONTDESK_TEST_REDIS_URL is not set: it names a Redis whose database tests may empty")
    yield url


_SERVERS = {"valkey": _valkey, "redis": _redis_here, "named": _redis_elsewhere}


@pytest.fixture(scope="session", params=list(_SERVERS))
def server_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _SERVERS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture
def redis_url(server_url: str) -> str:
    """An empty database."""
    with Redis.from_url(server_url) as client:
        client.flushdb()
    return server_url


OpenConnection = Callable[..., Awaitable[Connection]]
OpenStore = Callable[..., Awaitable[RedisStore]]


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
