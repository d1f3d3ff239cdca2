"""The SDK's gateway socket, which hands every event to the supervisor and dies of none."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket

_UNREADABLE = (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""What a frame of an unexpected shape does to the SDK."""


class Supervisor(Protocol):
    """Who keeps the connection."""

    @property
    def handled(self) -> int:
        """The number of the last event that is stored."""
        ...

    def opened(self, socket: "GatewaySocket") -> None: ...

    def brought(self, sequence: int | None, event: str, data: Any) -> None: ...

    def unreadable(self, text: str, reason: str) -> None: ...


class GatewaySocket(DiscordWebSocket):
    """One connection. Discord is told of a number, in heartbeats and when resuming, only once its event is stored."""

    supervisor: Supervisor
    text: str = ""
    """The last frame."""
    received: int | None = None
    """The number of the last event that came."""

    @classmethod
    async def to(
        cls, supervisor: Supervisor, client: discord.Client, address: yarl.URL, shard: int | None, session: str | None
    ) -> "GatewaySocket":
        """Connected and introduced: resuming the session, or identified."""

        class Supervised(GatewaySocket):
            """Events come before `from_client` returns: whose they are must be known by then."""

        Supervised.supervisor = supervisor
        return await Supervised.from_client(
            client,
            gateway=address,
            shard_id=shard,
            session=session,
            resume=session is not None,
            initial=True,  # when to identify is ours to say; the SDK would wait five seconds each time
        )

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(socket, loop=loop)
        self._tap = _Tap(self)
        self.supervisor.opened(self)

    @property
    def sequence(self) -> int | None:
        return None if self.session_id is None else self.supervisor.handled

    @sequence.setter
    def sequence(self, number: object) -> None:
        self.received = number if type(number) is int else None

    def log_receive(self, text: Any, /) -> None:
        self.text = text if isinstance(text, str) else bytes(text).decode(errors="replace")

    async def received_message(self, msg: Any, /) -> None:
        self._discord_parsers = self._tap  # in place of the SDK's own, which trip over shapes they do not expect
        try:
            await super().received_message(msg)
        except _UNREADABLE as error:
            self.supervisor.unreadable(self.text, f"the SDK: {type(error).__name__}")


class _Tap(dict[str, Any]):
    """The SDK looks up a parser by the event's name; whatever the name, it is given us."""

    def __init__(self, socket: GatewaySocket) -> None:
        super().__init__()
        self._socket = socket

    def __missing__(self, event: str) -> Callable[[Any], None]:
        return lambda data: self._socket.supervisor.brought(self._socket.received, event, data)
