"""The gateway: sessions over WebSockets, what each hears, RESUME, and everything that goes wrong with them."""

import asyncio
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from aiohttp import WSMsgType, web

from frontdesk.sandbox.discord.app import App
from frontdesk.sandbox.discord.clock import Clock
from frontdesk.sandbox.discord.intents import ALL_INTENTS, INTENTS, heard, not_allowed, without_content
from frontdesk.sandbox.discord.sessions import Connection, Session

Json = dict[str, Any]
T = TypeVar("T")

DAY = 86_400.0
IDENTIFY_APART = 5.0
LONGEST_FRAME = 4096
FRAMES_A_MINUTE = 120

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = (
    *range(5),
    *range(6, 12),
)
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED, ALREADY_AUTHENTICATED = range(4001, 4006)
INVALID_SEQUENCE, RATE_LIMITED, TIMED_OUT, INVALID_SHARD, SHARDING_REQUIRED, INVALID_VERSION = range(4007, 4013)
INVALID_INTENTS, DISALLOWED_INTENTS = 4013, 4014
_END_OF_SESSION = (AUTHENTICATION_FAILED, INVALID_SEQUENCE, TIMED_OUT, *range(INVALID_SHARD, DISALLOWED_INTENTS + 1))
"""After these a session cannot be resumed."""
_OF_A_GUILD = ("GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE")


class Gateway:
    """The sockets and sessions of one app.

    `ready` gives what READY says of the app and its guilds, `guild_create` the guild with its channels and threads.
    """

    def __init__(self, app: App, clock: Clock, ready: Callable[[], Json], guild_create: Callable[[], Json]) -> None:
        self._app = app
        self._clock = clock
        self._ready = ready
        self._guild_create = guild_create
        self._moving = asyncio.Event()
        self._moving.set()
        self._changed = asyncio.Event()
        self._opened = 0
        self._last_identify: dict[int, float] = {}
        self.url = ""
        """The address given in READY for RESUME; empty = the app's own."""
        self.on_change: Callable[[], None] | None = None
        """Hears of every connection, IDENTIFY, RESUME and heartbeat."""
        self.refusing = False
        """Nobody may connect, as in an outage."""

        self.connections: list[Connection] = []
        self.sessions: list[Session] = []
        """Every session that was ever opened."""
        self.identifies: list[float] = []
        """When each IDENTIFY with the right token came."""
        self.resumes: list[float] = []
        """When each RESUME that worked came."""
        self.refused_resumes = 0
        self.closes: list[int] = []
        """The codes with which the gateway closed connections."""
        self.left: list[int | None] = []
        """The codes with which the app closed connections; None = it was simply gone."""

        self.heartbeat_seconds = 41.25
        self.resume_seconds = 180.0
        """How long a session waits for its app to come back."""
        self.identifies_a_day = 1000
        self.max_concurrency = 1
        self.enforce_concurrency = True
        self.shards_needed = 1

    # what the rest of this Discord uses

    @property
    def enabled_intents(self) -> set[str]:
        """The privileged intents switched on in the portal."""
        return self._app.enabled_intents

    @enabled_intents.setter
    def enabled_intents(self, names: set[str]) -> None:
        self._app.enabled_intents = set(names)

    def info(self) -> Json:
        """The answer to `GET /gateway/bot`."""
        return {
            "url": self._app.gateway_url,
            "shards": self.shards_needed,
            "session_start_limit": {
                "total": self.identifies_a_day,
                "remaining": max(0, self.identifies_a_day - len(self._today())),
                "reset_after": int(self._until_budget_resets() * 1000),
                "max_concurrency": self.max_concurrency,
            },
        }

    def dispatch(self, event: str, data: Any, *, intent: str, author_exempt: bool = False) -> None:
        """Tell a fact to every session that asked for it; `intent` "" = nobody needs to ask."""
        if intent and intent not in INTENTS:
            raise ValueError(f"no such intent: {intent}")
        guild_id = data.get("id" if event in _OF_A_GUILD else "guild_id") if isinstance(data, dict) else None
        for session in self._living():
            if not heard(session.intents, intent) or not session.hears_guild(guild_id):
                continue
            seen = data
            if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and not heard(session.intents, "MESSAGE_CONTENT"):
                seen = without_content(data, self._app.bot_user_id, exempt=author_exempt)
            self._put(session.connection, session.next_frame(event, seen))

    async def until(self, condition: Callable[[], T], timeout: float = 5.0) -> T:
        """Wait until the condition holds; it is looked at after every change here."""
        try:
            async with asyncio.timeout(timeout):
                while not (found := condition()):
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise TimeoutError(f"not within {timeout} s; {self.described()}") from None

    def described(self) -> str:
        """The state of affairs for a person who wonders what went wrong."""
        sessions = "; ".join(
            f"{session.id[:6]} at {session.sequence}"
            f" {'connected' if session.connected else 'ended' if session.ended else 'away'}"
            for session in self.sessions
        )
        return (
            f"gateway: {len(self.connections)} connections, {len(self.identifies)} IDENTIFY,"
            f" {len(self.resumes)} RESUME, closed by us {self.closes}, by the app {self.left};"
            f" sessions: {sessions or 'none'}"
        )

    # what goes wrong, on demand

    def send_raw(self, payload: Any) -> None:
        """Put a frame on every connection as it is: text as it stands, anything else as JSON."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        for connection in self.connections:
            self._put(connection, text)

    def inject(self, event: str, data: Any) -> None:
        """Dispatch anything to every session, with a sequence number, so that RESUME repeats it."""
        for session in self._living():
            self._put(session.connection, session.next_frame(event, data))

    def ask_for_heartbeat(self) -> None:
        self.send_raw({"op": HEARTBEAT, "d": None, "s": None, "t": None})

    def reconnect(self) -> None:
        """Ask every connection to go and come back with RESUME (op 7)."""
        self.send_raw({"op": RECONNECT, "d": None, "s": None, "t": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tell every connection that its session is worth nothing (op 9), or that RESUME may still help."""
        for connection in list(self.connections):
            if connection.session is not None and not resumable:
                self._end(connection.session)
            self._put(connection, _invalid(resumable=resumable))

    def expire_sessions(self) -> None:
        """Forget every session, as after a long absence; what is connected breaks."""
        for session in self.sessions:
            self._end(session)
            if session.connection is not None:
                _break(session.connection)

    def close_with(self, code: int) -> None:
        """Close every connection with this code."""
        for connection in list(self.connections):
            self._close_soon(connection, code)

    def cut(self) -> None:
        """Break every connection without a word."""
        for connection in list(self.connections):
            _break(connection)

    def freeze(self) -> None:
        """Half-open: connections stay up and nothing moves on them."""
        self._moving.clear()

    def thaw(self) -> None:
        self._moving.set()

    # a connection's life

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.refusing:
            raise web.HTTPServiceUnavailable
        wire = web.WebSocketResponse(timeout=0.5, max_msg_size=1 << 22)
        await wire.prepare(request)
        self._opened += 1
        connection = Connection(self._opened, wire, request.transport)
        connection.last_heartbeat = asyncio.get_running_loop().time()
        self.connections.append(connection)
        sending = asyncio.create_task(self._send(connection))
        watching = asyncio.create_task(self._watch(connection))
        try:
            if request.query.get("v") != "10":
                self._close_soon(connection, INVALID_VERSION)
            else:
                self._put(connection, _frame(HELLO, {"heartbeat_interval": int(self.heartbeat_seconds * 1000)}))
            self._note_change()
            await self._listen(connection)
        finally:
            watching.cancel()
            sending.cancel()
            self._gone(connection)
        return wire

    async def close(self) -> None:
        self._moving.set()
        for connection in list(self.connections):
            with suppress(TimeoutError):
                await asyncio.wait_for(connection.wire.close(code=1001), 0.5)

    async def _send(self, connection: Connection) -> None:
        with suppress(ConnectionError, RuntimeError):
            while True:
                text = await connection.outbox.get()
                await self._moving.wait()
                if text is None:
                    await connection.wire.close(code=connection.closing or 1000)
                    return
                await connection.wire.send_str(text)

    async def _watch(self, connection: Connection) -> None:
        """Close what no longer sends heartbeats; real time, because the app's heart beats in real time."""
        loop = asyncio.get_running_loop()
        while True:
            patience = self.heartbeat_seconds * 1.5
            left = connection.last_heartbeat + patience - loop.time()
            if left <= 0 and self._moving.is_set():
                self._close_soon(connection, TIMED_OUT)
                return
            await asyncio.sleep(max(left, 0.1))

    async def _listen(self, connection: Connection) -> None:
        while True:
            frame = await connection.wire.receive()
            await self._moving.wait()
            if frame.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return
            if connection.closing is None:
                self._hear(connection, frame.data)
                self._note_change()

    def _gone(self, connection: Connection) -> None:
        self.connections.remove(connection)
        code = None if connection.wire.close_code in (None, 1006) else connection.wire.close_code
        if connection.closing is None:
            self.left.append(code)
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            session.left_at = self._clock.now()
            if connection.closing is None and code in (1000, 1001):
                self._end(session)
        self._note_change()

    # what the app says

    def _hear(self, connection: Connection, text: str | bytes) -> None:
        now = self._clock.now()
        sent = connection.sent_at
        sent.append(now)
        while sent[0] <= now - 60:
            sent.popleft()
        if len(sent) > FRAMES_A_MINUTE:
            return self._close_soon(connection, RATE_LIMITED)
        try:
            frame = json.loads(text)
            operation, data = frame["op"], frame.get("d")
        except (ValueError, TypeError, KeyError):
            return self._close_soon(connection, DECODE_ERROR)
        if len(text) > LONGEST_FRAME:
            return self._close_soon(connection, DECODE_ERROR)
        if operation == HEARTBEAT:
            return self._heartbeat(connection, data)
        connection.heard.append(frame)
        if operation not in (IDENTIFY, RESUME, PRESENCE, VOICE, MEMBERS):
            return self._close_soon(connection, UNKNOWN_OPCODE)
        if operation not in (IDENTIFY, RESUME) and connection.session is None:
            return self._close_soon(connection, NOT_AUTHENTICATED)
        if not isinstance(data, dict):
            return self._close_soon(connection, DECODE_ERROR)
        if operation == IDENTIFY:
            return self._identify(connection, data)
        if operation == RESUME:
            return self._resume(connection, data)
        if operation == MEMBERS:
            return self._members(connection, data)
        return None

    def _heartbeat(self, connection: Connection, sequence: Any) -> None:
        connection.heartbeats += 1
        connection.last_heartbeat = asyncio.get_running_loop().time()
        if connection.session is not None and isinstance(sequence, int):
            connection.session.acknowledged = sequence
        self._put(connection, _frame(ACK, None))

    def _identify(self, connection: Connection, data: Json) -> None:
        if connection.session is not None:
            return self._close_soon(connection, ALREADY_AUTHENTICATED)
        if not self._may_enter(data.get("token")):
            return self._close_soon(connection, AUTHENTICATION_FAILED)
        shard = data.get("shard", [0, 1])
        if not (isinstance(shard, list) and len(shard) == 2 and 0 <= shard[0] < shard[1]):
            return self._close_soon(connection, INVALID_SHARD)
        if shard[1] < self.shards_needed:
            return self._close_soon(connection, SHARDING_REQUIRED)
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~ALL_INTENTS:
            return self._close_soon(connection, INVALID_INTENTS)
        now = self._clock.now()
        too_soon = self.enforce_concurrency and self._too_soon(shard[0], now)
        exhausted = len(self._today()) >= self.identifies_a_day
        self.identifies.append(now)
        self._last_identify[shard[0] % self.max_concurrency] = now
        if exhausted:
            # Discord ends every session and resets the token of an app that runs through its day's budget.
            self._app.revoked = True
            return self.close_with(AUTHENTICATION_FAILED)
        if too_soon:
            return self._put(connection, _invalid(resumable=False))
        if not_allowed(intents, self.enabled_intents):
            return self._close_soon(connection, DISALLOWED_INTENTS)
        session = Session(secrets.token_hex(16), intents, (shard[0], shard[1]), connection=connection)
        connection.session = session
        self.sessions.append(session)
        return self._welcome(session)

    def _welcome(self, session: Session) -> None:
        ready, guild = self._ready(), self._guild_create()
        in_shard = session.hears_guild(guild["id"])
        say: Json = {
            "v": 10,
            "user_settings": {},
            "session_type": "normal",
            "private_channels": [],
            "relationships": [],
            "presences": [],
            **ready,
            "guilds": [{"id": guild["id"], "unavailable": True}] if in_shard else [],
            "session_id": session.id,
            "resume_gateway_url": self.url or self._app.gateway_url,
            "shard": list(session.shard),
        }
        self._put(session.connection, session.next_frame("READY", say))
        if in_shard and heard(session.intents, "GUILDS"):
            self._put(session.connection, session.next_frame("GUILD_CREATE", self._seen_guild(session, guild)))

    def _seen_guild(self, session: Session, guild: Json) -> Json:
        """Members come whole only with the Presence intent."""
        if heard(session.intents, "GUILD_PRESENCES"):
            return guild
        own = [member for member in guild.get("members", ()) if member["user"]["id"] == self._app.bot_user_id]
        return {**guild, "members": own, "presences": []}

    def _resume(self, connection: Connection, data: Json) -> None:
        if connection.session is not None:
            return self._close_soon(connection, ALREADY_AUTHENTICATED)
        if not self._may_enter(data.get("token")):
            return self._close_soon(connection, AUTHENTICATION_FAILED)
        session = next((each for each in self._living() if each.id == data.get("session_id")), None)
        sequence = data.get("seq")
        if session is None or not isinstance(sequence, int):
            self.refused_resumes += 1
            return self._put(connection, _invalid(resumable=False))
        if not 0 <= sequence <= session.sequence:
            self._end(session)
            return self._close_soon(connection, INVALID_SEQUENCE)
        missed = session.missed_since(sequence)
        if missed is None:
            self.refused_resumes += 1
            self._end(session)
            return self._put(connection, _invalid(resumable=False))
        if session.connection is not None:
            session.connection.session = None
            self._close_soon(session.connection, TIMED_OUT)
        session.connection, connection.session, session.left_at = connection, session, None
        session.resumes += 1
        self.resumes.append(self._clock.now())
        for text in missed:
            self._put(connection, text)
        return self._put(connection, session.next_frame("RESUMED", {"_trace": []}))

    def _members(self, connection: Connection, data: Json) -> None:
        """Who is in the guild, by id or by the beginning of the name; everybody only with the Members intent."""
        assert connection.session is not None
        guild = self._guild_create()
        ids, query = data.get("user_ids") or [], str(data.get("query", ""))
        if not ids and not query and not heard(connection.session.intents, "GUILD_MEMBERS"):
            return self._close_soon(connection, DISALLOWED_INTENTS)
        wanted = {str(each) for each in (ids if isinstance(ids, list) else [ids])}
        members = [
            member
            for member in guild.get("members", ())
            if (member["user"]["id"] in wanted if wanted else member["user"]["username"].startswith(query))
        ]
        found = {member["user"]["id"] for member in members}
        chunk: Json = {
            "guild_id": guild["id"],
            "members": members[: data.get("limit") or None],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": sorted(wanted - found),
        }
        if "nonce" in data:
            chunk["nonce"] = data["nonce"]
        return self._put(connection, connection.session.next_frame("GUILD_MEMBERS_CHUNK", chunk))

    # pieces

    def _living(self) -> list[Session]:
        for session in self.sessions:
            if session.left_at is not None and self._clock.now() - session.left_at > self.resume_seconds:
                self._end(session)
        return [session for session in self.sessions if not session.ended]

    def _end(self, session: Session) -> None:
        session.ended = True
        session.kept.clear()

    def _may_enter(self, token: object) -> bool:
        return not self._app.revoked and token in (self._app.token, f"Bot {self._app.token}")

    def _today(self) -> list[float]:
        return [at for at in self.identifies if at > self._clock.now() - DAY]

    def _until_budget_resets(self) -> float:
        today = self._today()
        return today[0] + DAY - self._clock.now() if today else 0.0

    def _too_soon(self, shard: int, now: float) -> bool:
        return self._last_identify.get(shard % self.max_concurrency, -DAY) > now - IDENTIFY_APART

    def _put(self, connection: Connection | None, text: str) -> None:
        if connection is not None and connection.closing is None:
            connection.outbox.put_nowait(text)

    def _close_soon(self, connection: Connection, code: int) -> None:
        if connection.closing is None:
            connection.closing = code
            self.closes.append(code)
            if code in _END_OF_SESSION and connection.session is not None:
                self._end(connection.session)
            connection.outbox.put_nowait(None)

    def _note_change(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        if self.on_change is not None:
            self.on_change()


def _frame(operation: int, data: Any) -> str:
    return json.dumps({"op": operation, "d": data, "s": None, "t": None})


def _invalid(*, resumable: bool) -> str:
    return _frame(INVALID, resumable)


def _break(connection: Connection) -> None:
    if connection.transport is not None:
        connection.transport.abort()
