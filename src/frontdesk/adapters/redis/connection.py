"""One door to the Redis client: its defaults tamed, its errors in the desk's words, its scripts by name."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from typing import Literal, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry as ClientRetry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.driver_info import DriverInfo
from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from frontdesk.adapters.redis import keys
from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.redis.embedded import EmbeddedValkey
from frontdesk.domain.errors import Misconfigured, Retry

OfShard = Literal["receive", "claim", "look", "extend", "journal", "commit", "release"]
Script = Literal[OfShard, "shelve", "count"]
Word = str | bytes | int

_OLDEST = (7, 0)
_UNBOUNDED = 2**16
"""Each shard of each iterator waits on a connection of its own."""


class Connection:
    """Commands, and reads that wait, over separate pools: a waiting read never stands in a command's way."""

    def __init__(self, url: str, config: RedisConfig, embedded: EmbeddedValkey | None = None) -> None:
        self.config = config
        self._embedded = embedded
        self._commands = _client(url, config.timeout_seconds, most=config.most_connections)
        self._waiting = _client(url, config.poll_seconds + config.timeout_seconds, most=_UNBOUNDED)
        self._scripts: dict[Script, AsyncScript] = {}

    async def run(self, script: OfShard, shard: int, *words: Word) -> object:
        """One script on one shard."""
        return await self.run_on(script, (keys.of_shard(shard, "due"),), keys.prefix(shard), *words)

    async def run_on(self, script: Script, names: Sequence[str], *words: Word) -> object:
        if script not in self._scripts:
            self._scripts[script] = self._commands.register_script(_source(script))
        with _in_our_words():
            answer: object = await self._scripts[script](keys=list(names), args=words)
            return answer

    async def do(self, *command: Word | float) -> object:
        """One plain command."""
        with _in_our_words():
            answer: object = await self._commands.execute_command(*command)  # type: ignore[no-untyped-call]
            return answer

    async def do_all(self, commands: Sequence[Sequence[Word | float]]) -> Sequence[object]:
        """Plain commands in one step: all or none."""
        with _in_our_words():
            async with self._commands.pipeline(transaction=True) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)
                return cast(Sequence[object], await pipeline.execute())

    async def wait_for_bell(self, shard: int, seconds: float) -> float | None:
        """When the next thing of this shard is due (ms on the server's clock); None when nothing rang in time."""
        with _in_our_words():
            rung = await self._waiting.blpop([keys.of_shard(shard, "bell")], timeout=seconds)
        return float(rung[1]) if rung else None

    @asynccontextmanager
    async def listening(self, channels: Sequence[str]) -> AsyncIterator[PubSub]:
        """A subscription that is closed afterwards; reads on it raise Retry through `in_our_words`."""
        async with self._waiting.pubsub(ignore_subscribe_messages=True) as subscription:
            with _in_our_words():
                await subscription.subscribe(*channels)
            yield subscription

    async def doubts(self) -> Sequence[str]:
        """What about this server could lose conversations, one line each."""
        info = await self.do("INFO")
        facts = info if isinstance(info, dict) else {}
        found = []
        if not facts.get("aof_enabled"):
            found.append(
                "the store keeps no append-only file: a crash of its machine loses conversations (appendonly yes)"
            )
        if facts.get("maxmemory") and facts.get("maxmemory_policy") != "noeviction":
            found.append("the store drops records when it is full (maxmemory-policy noeviction)")
        return found

    async def close(self) -> None:
        await self._commands.aclose()
        await self._waiting.aclose()
        if self._embedded:
            await asyncio.to_thread(self._embedded.stop)


async def connect(config: RedisConfig, *, join: bool = False) -> Connection:
    """A connection that was tried out; starts the desk's own Valkey when no URL is given. Raises Misconfigured.

    `join`: when a desk runs in this folder already, use its Valkey as long as that desk lives.
    """
    if config.url:
        return await _tried(Connection(_checked(config.url.get_secret_value()), config), "REDIS_URL")
    running = EmbeddedValkey.running_in(config.data_dir) if join else None
    if running:
        return await _tried(Connection(running, config), "FRONTDESK_DATA_DIR")
    embedded = await EmbeddedValkey.start(config.data_dir, config.least_free_megabytes)
    return await _tried(Connection(embedded.url, config, embedded), "FRONTDESK_DATA_DIR")


async def read(subscription: PubSub, seconds: float) -> str | None:
    """The next message, or None after so many seconds."""
    with _in_our_words():
        message: dict[str, object] | None = await subscription.get_message(timeout=seconds)
    data = message and message.get("data")
    return data.decode(errors="replace") if isinstance(data, bytes) else None


def _client(url: str, timeout: float, most: int) -> Redis:
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=most,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=ClientRetry(NoBackoff(), 0),  # what is safe to repeat is for the desk to say
        protocol=2,
        client_name="frontdesk",
        driver_info=DriverInfo(),  # else each connection reads the client's version from the disk, on the loop
    )
    return Redis.from_pool(pool)


def _source(script: Script) -> str:
    folder = files("frontdesk.adapters.redis") / "scripts"
    own = (folder / f"{script}.lua").read_text("utf-8")
    if script == "shelve":
        return f"#!lua\n{own}"
    return f"#!lua\n{keys.names_for_scripts()}{(folder / 'shard.lua').read_text('utf-8')}{own}"


@contextmanager
def _in_our_words() -> Iterator[None]:
    before = _cancellations()
    try:
        yield
    except RedisError as error:
        if _cancellations() > before:
            raise asyncio.CancelledError from error
        raise Retry(_why(error)) from error
    if _cancellations() > before:  # on Python 3.11 the client loses a cancellation while it connects
        raise asyncio.CancelledError


def _cancellations() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task else 0


def _why(error: RedisError) -> str:
    """A reason for logs; an error's text can quote data, so only known texts are passed on."""
    match error:
        case OutOfMemoryError():
            return "the store is full (maxmemory)"
        case ReadOnlyError():
            return "the store takes no writes (read-only replica)"
        case ResponseError() if str(error).startswith("MISCONF"):
            return "the store takes no writes (it cannot write to its disk)"
        case ResponseError():
            return f"the store refused: {str(error).split(' ', 1)[0]}"
        case _:
            return f"the store cannot be reached ({type(error).__name__})"


def _checked(url: str) -> str:
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise Misconfigured(
            "REDIS_URL must begin with redis://, rediss:// or unix://, such as redis://127.0.0.1:6379/0"
        )
    try:
        BlockingConnectionPool.from_url(url).make_connection()  # type: ignore[no-untyped-call]
    except (ValueError, TypeError):
        raise Misconfigured("REDIS_URL cannot be read; write it like redis://:password@127.0.0.1:6379/0") from None
    return url


async def _tried(connection: Connection, setting: str) -> Connection:
    try:
        await _check(connection, setting)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _check(connection: Connection, setting: str) -> None:
    try:
        info = await connection.do("INFO", "server")
        version, name = _version(info)
        if version < _OLDEST:
            raise Misconfigured(f"{setting}: {name} is too old; the desk needs Redis 7.0 or newer, or Valkey")
        shards = connection.config.shards
        await connection.do("SET", keys.SETUP, shards, "NX")
        fixed = await connection.do("GET", keys.SETUP)
        await connection.do("SET", keys.PROBE, 1, "EX", 60)
    except Retry as error:
        raise Misconfigured(f"{setting}: {_mend(error)}") from error
    if isinstance(fixed, bytes) and fixed != str(shards).encode():
        raise Misconfigured(
            f"{setting}: this database was set up with {fixed.decode()} shards, not {shards}; set it back"
        )


def _mend(error: Retry) -> str:
    match error.__cause__:
        case AuthenticationError() | AuthenticationWrongNumberOfArgsError():
            return "the store refuses the password; put it in the URL: redis://:password@host:6379/0"
        case NoPermissionError():
            return (
                "this account of the store may not do what the desk needs; allow all keys fd:* and all commands on them"
            )
        case ResponseError():
            return f"{error}; free some room or name another store"
        case _:
            return f"{error}; is it running, and may this machine reach it?"


def _version(info: object) -> tuple[tuple[int, ...], str]:
    facts = info if isinstance(info, dict) else {}
    version = str(facts.get("redis_version", "0"))
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit()), f"Redis {version}"
