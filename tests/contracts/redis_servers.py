"""Redis servers for tests, and the telemetry that a test can read."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from frontdesk.adapters.redis.connection import Connection
from frontdesk.adapters.redis.embedded import EmbeddedValkey
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.domain.turns import TurnTrace

PATIENCE = 5.0

OpenConnection = Callable[..., Awaitable[Connection]]
OpenStore = Callable[..., Awaitable[RedisStore]]


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


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])


@contextmanager
def own_valkey(folder: Path) -> Iterator[str]:
    server = EmbeddedValkey.start_now(folder)
    yield server.url
    server.stop()


@contextmanager
def redis_here(folder: Path) -> Iterator[str]:
    port = free_port()
    with redis_on(port, folder):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def redis_on(port: int, folder: Path, *settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no redis-server on this machine")
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *settings]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE
        while not _answers(port) and time.monotonic() < until:
            continue
        yield server
    finally:
        server.kill()
        server.wait()


def _answers(port: int) -> bool:
    with closing(socket.socket()) as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


NAMED = os.environ.get("FRONTDESK_TEST_REDIS_URL", "")
"""A Redis whose database tests may empty."""


@contextmanager
def redis_elsewhere(_folder: Path) -> Iterator[str]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    yield f"{NAMED}{'&' if '?' in NAMED else '?'}db={worker}"  # tests that run at the same time empty a database each


SERVERS = {"valkey": own_valkey, "redis": redis_here, **({"named": redis_elsewhere} if NAMED else {})}
