"""What the gateway remembers of one app's sessions: what each asked for, what it was sent, whether it may come back."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]

REPLAYED_AT_MOST = 10_000


@dataclass(eq=False)
class Connection:
    """One WebSocket, with or without a session yet."""

    number: int
    wire: web.WebSocketResponse
    transport: asyncio.Transport | None
    outbox: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    """Frames on their way; None = close now."""
    session: "Session | None" = None
    closing: int | None = None
    """The code with which we close it."""
    heard: list[Json] = field(default_factory=list)
    """Every frame that the app sent here, except heartbeats."""
    heartbeats: int = 0
    last_heartbeat: float = 0.0
    sent_at: deque[float] = field(default_factory=deque)
    """When the app's last frames came, for the limit of 120 a minute."""


@dataclass(eq=False)
class Session:
    id: str
    intents: int
    shard: tuple[int, int]
    sequence: int = 0
    kept: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAYED_AT_MOST))
    """Sequence number and text of every dispatch, for RESUME."""
    connection: Connection | None = None
    left_at: float | None = None
    ended: bool = False
    """Nothing can resume it any more."""
    resumes: int = 0
    acknowledged: int | None = None
    """The sequence number in the app's last heartbeat."""

    @property
    def connected(self) -> bool:
        return self.connection is not None

    def next_frame(self, event: str, data: Any) -> str:
        """The dispatch as it goes over the wire, remembered for a later RESUME."""
        self.sequence += 1
        text = json.dumps({"op": 0, "t": event, "s": self.sequence, "d": data}, ensure_ascii=False)
        self.kept.append((self.sequence, text))
        return text

    def missed_since(self, sequence: int) -> list[str] | None:
        """What came after `sequence`, or None where that is no longer all there."""
        missed = [text for number, text in self.kept if number > sequence]
        return missed if len(missed) == self.sequence - sequence else None

    def hears_guild(self, guild_id: str | None) -> bool:
        """Guilds are spread over the shards by their id; direct messages go to the first."""
        number, count = self.shard
        return ((int(guild_id) >> 22) % count if guild_id else 0) == number
