"""Discord, as the behaviours see it: the sandbox's local Discord in the words that hold on every platform."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import aiohttp
import redis.asyncio

from behaviours.surroundings import (
    ALICE,
    BOB,
    CAROL,
    DANA,
    GENERAL,
    QUEUE,
    SAM,
    STAFF,
    SUPPORT,
    File,
    Looking,
    Operation,
    Shown,
    ShownFile,
    Spot,
    Trouble,
)
from frontdesk.adapters.redis import keys
from frontdesk.sandbox.discord import DiscordServer, example
from frontdesk.sandbox.discord.faults import Fault
from frontdesk.sandbox.discord.interactions import COMMAND
from frontdesk.sandbox.discord.slash import chosen
from frontdesk.sandbox.discord.snowflakes import time_of
from frontdesk.sandbox.discord.values import Channel, Message, Modal, walk

HELP = "help"
"""A public forum."""

PEOPLE = {ALICE: example.ALICE, BOB: example.BOB, CAROL: example.CAROL, SAM: example.SAM, DANA: example.DANA}
PLACES = {
    SUPPORT: example.SUPPORT,
    GENERAL: example.GENERAL,
    STAFF: example.STAFF,
    HELP: example.HELP,
    QUEUE: example.QUEUE,
}
_NAMES = {id_: name for name, id_ in PEOPLE.items()}

POST = ("POST", "/channels/{channel_id}/messages")
EDIT = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
SPEAK = ("POST", "/webhooks/{webhook_id}/{webhook_token}")
THREAD = ("POST", "/channels/{channel_id}/messages/{message_id}/threads")
ANSWER = ("POST", "/interactions/{interaction_id}/{interaction_token}/callback")
MEMBER = ("GET", "/guilds/{guild_id}/members/{user_id}")
OPERATIONS: dict[Operation, tuple[tuple[str, str], ...]] = {
    "post": (POST, SPEAK),
    "begin": (POST,),
    "grow": (EDIT,),
    "finish": (EDIT,),
    "look_up_person": (MEMBER,),
    "link": (),
}
"""A reply grows and ends by edits; a link to a message needs no request."""
EXPECTED = (POST, EDIT, SPEAK, THREAD, ANSWER)
_SAYING = ("/messages", "/messages/{message_id}", "/{webhook_token}", "/@original", "/callback", "/threads")
"""How the addresses end through which words are brought."""

_ACTIONS = {"c": "claim", "h": "handback", "r": "resolve", "a": "ask_person", "u": "rate_up", "d": "rate_down"}
_BUTTON = re.compile(r"fd1b(?P<letter>\w)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_CITED = re.compile(r"\[\d+\]")
_SOURCES = ("Sources", "Quellen", "Fuentes")

PINGS = (
    "Hello @everyone and @here [1].",
    f"Hello <@{example.SAM}> and <@!{example.DANA}> and <@&{example.STAFF_ROLE}> [1].",
    f"In code `@everyone` and ``<@{example.SAM}>`` [1].\n\n```\n@everyone <@{example.SAM}>\n```\n\nDone [1].",
    "An open fence [1].\n\n```\n@everyone",
    "An open span `@everyone and [1] more.",
    f"| a | b |\n|---|---|\n| @everyone | <@{example.SAM}> |\n\nDone [1].",
    f"# @everyone\n\n> <@{example.SAM}>\n\n- @here\n\nDone [1].",
    "[@everyone](https://help.kettlebag.example/en/care) and **@here** [1].",
    f"Encoded &lt;@{example.SAM}&gt; and &#64;everyone and \\@everyone [1].",
    "Hello, hidden @\u200beveryone @\u2060here @every\u00adone \uff20everyone [1].",
    f"Nested <<@{example.SAM}>> and <@<@{example.SAM}>> and ||@everyone|| [1].",
    f"Joined [1] @[9]everyone @every[9]one @ev[er](x)yone <@[9]{example.SAM}> [1].",
    f"Split [1] @every\none <@\n{example.SAM}> <@{example.SAM}\n>.",
)


class DiscordSide:
    """The local Discord and its example server."""

    name = "discord"
    hostile = PINGS
    not_stored = 'frontdesk_events_total{detail="MESSAGE_CREATE",what="discord_not_stored"}'
    path = "/discord/interactions"

    def __init__(self, discord: DiscordServer, store: str) -> None:
        self.discord = discord
        self.guild = discord.guild
        self._store = store

    # what a desk is told

    def environment(self) -> dict[str, str]:
        return {"DISCORD_TOKEN": self.discord.token, "DISCORD_API_URL": self.discord.api_url}

    def key(self, place: str) -> str:
        return f"discord:{self.place(place)}"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.discord.token, *(webhook.token for webhook in self.guild.webhooks.values()))

    # what people do

    def mentioning(self, who: str | None) -> str:
        return f"<@{self.person(who) if who else self.discord.bot_user_id}>"

    def pinging(self) -> str:
        return "@everyone @here"

    def typed(self, markdown: str) -> str:
        return markdown

    def written(self, markdown: str) -> str:
        return markdown

    async def begin(self, who: str, where: str, text: str, files: Iterable[File] = ()) -> Spot:
        place = self.guild.channels[self.place(where)]
        if place.kind == "forum":
            post = await self.guild.create_post(self.person(who), place.id, text[:80], text, files=files)
            return Spot(place.id, post.id, post.id)
        message = await self.guild.say(self.person(who), place.id, text, files=files)
        return Spot(place.id, message.id, message.id)

    async def begin_directly(self, who: str, text: str, files: Iterable[File] = ()) -> Spot:
        message = await self.guild.say_dm(self.person(who), text, files=files)
        return Spot(message.channel, None, message.id)

    async def open(self, who: str, spot: Spot) -> None:
        if spot.root is not None and self.thread_of(spot) is None:
            await self.guild.open_thread(self.person(who), spot.channel, "A question", on=spot.first)

    async def say(self, who: str, spot: Spot, text: str, files: Iterable[File] = ()) -> str:
        """In the thread; before there is one, its author goes on in the channel and others open it."""
        if spot.root is None:
            return (await self.guild.say(self.person(who), spot.channel, text, files=files)).id
        first = self.guild.message(spot.channel, spot.first)
        if self.thread_of(spot) is None and first is not None and first.author == self.person(who):
            return (await self.guild.say(self.person(who), spot.channel, text, files=files)).id
        await self.open(who, spot)
        thread = self.thread_of(spot)
        assert thread is not None
        return (await self.guild.say(self.person(who), thread.id, text, files=files)).id

    async def edit(self, who: str, spot: Spot, message: str, text: str) -> None:
        await self.guild.edit(self.person(who), self._standing(spot, message).channel, message, text)

    async def delete(self, who: str, spot: Spot, message: str) -> None:
        await self.guild.delete(self.person(who), self._standing(spot, message).channel, message)

    async def preview(self, spot: Spot, title: str) -> None:
        await self.guild.unfurl(self._standing(spot, spot.first).channel, spot.first, title)

    async def another_app_says(self, where: str, text: str, spot: Spot | None = None) -> None:
        thread = self.thread_of(spot) if spot is not None else None
        await self.guild.say_as_other_app(thread.id if thread else self.place(where), text)

    async def desk_says(self, where: str, text: str) -> None:
        headers = {"Authorization": f"Bot {self.discord.token}"}
        url, message = f"{self.discord.api_url}/channels/{self.place(where)}/messages", {"content": text}
        async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json=message) as answer:
            assert answer.status == 200

    async def press(self, who: str, spot: Spot, message: str, action: str, *, from_outside: bool = False) -> None:
        standing = self._standing(spot, message)
        custom_id = next(name for _, name in standing.buttons if _action(name) == action)
        if from_outside:
            await self.guild.press_stale(self.person(who), standing.channel, standing, custom_id)
        else:
            await self.guild.press(self.person(who), standing.channel, message, custom_id)

    async def rate(self, who: str, spot: Spot, message: str, score: str) -> None:
        await self.press(who, spot, message, f"rate_{score}")

    async def fill_in(self, who: str, words: str) -> None:
        form = self._form(who)
        field = next(str(one["custom_id"]) for one in walk(form.components) if one["type"] == 4)
        await self.guild.submit(self.person(who), form.id, {field: words})

    async def close_form(self, who: str) -> None:
        self.guild.dismiss(self.person(who), self._form(who).id)

    async def command(self, who: str, where: str, text: str) -> None:
        await self.guild.slash(self.person(who), self.place(where), "desk", text or "help")

    async def stop(self, who: str, spot: Spot) -> None:
        raise AssertionError("Discord has nothing that stops an answer: the manifest says so")

    async def leave_staff(self, who: str) -> None:
        self.guild.change_person(replace(self.guild.people[self.person(who)], roles=()))

    async def close_channel(self, where: str) -> None:
        """For staff it is deleted: where the desk may not write its webhooks still could."""
        if where == STAFF:
            await self.guild.delete_channel(self.place(where))
            return
        self.guild.deny(
            self.place(where),
            "SEND_MESSAGES",
            "SEND_MESSAGES_IN_THREADS",
            "CREATE_PUBLIC_THREADS",
            "CREATE_PRIVATE_THREADS",
            "MANAGE_WEBHOOKS",
        )

    def new_staff_channel(self) -> str:
        old = {**self.guild.gone_channels, **self.guild.channels}[example.STAFF]
        overwrites = [one for one in old.overwrites if one.target != self.discord.bot_user_id]
        made = Channel(self.guild.snowflakes.next(), "text", "desk-staff-2", private=True, overwrites=tuple(overwrites))
        return self.guild.create_channel(made).id

    # what people see

    def conversation(self, spot: Spot) -> str:
        community = "@me" if spot.root is None else self.discord.guild_id
        return f"discord:{community}:{spot.channel}:{spot.root or '-'}"

    def thread(self, spot: Spot) -> list[Shown]:
        if spot.root is None:
            messages = [m for m in self.guild.messages(spot.channel) if int(m.id) >= int(spot.first)]
        else:
            messages = [m for m in self.guild.messages(spot.channel) if m.id == spot.first]
            thread = self.thread_of(spot)
            messages += self.guild.messages(thread.id) if thread else []
        return self._seen(messages, spot)

    def channel(self, where: str) -> list[Shown]:
        place = self.place(where)
        return [shown for m in self.guild.messages(place) for shown in self._seen([m], Spot(place, None, m.id))]

    def cards(self, where: str) -> list[Spot]:
        place = self.guild.channels.get(self.place(where)) or self.guild.gone_channels[self.place(where)]
        if place.kind == "forum":
            starters = [self.guild.message(post.id, post.id) for post in self.guild.threads(place.id)]
        else:
            starters = [m for m in self.guild.messages(place.id) if m.content.startswith("### ")]
        return [Spot(place.id, m.id, m.id) for m in starters if m is not None and not m.deleted]

    def place(self, where: str) -> str:
        return PLACES.get(where, where)

    def whispers(self, who: str) -> list[str]:
        return [_read(m.shown) for m in self.guild.ephemerals if m.ephemeral_for == self.person(who) and not m.loading]

    def form_of(self, who: str) -> bool:
        return self.guild.modal_of(self.person(who)) is not None

    def thinking(self, spot: Spot) -> bool:
        thread = self.thread_of(spot)
        return self.guild.is_typing(thread.id if thread else spot.channel)

    async def no_longer_thinking(self, spot: Spot) -> None:
        """Discord shows it for ten seconds, unless something is posted, and takes nothing back."""
        self.discord.advance(10)
        await self.guild.until(lambda: not self.thinking(spot))

    def leads_to(self, link: str, spot: Spot) -> bool:
        return (spot.root or spot.channel) in link

    def look(self) -> Looking:
        return _Looking(self)

    async def until(self, condition: Callable[[], bool], timeout: float) -> None:
        await self.guild.until(condition, timeout=timeout)

    # what a platform does by itself

    def sent_by_desk(self) -> str:
        return json.dumps([request.json for request in self.discord.requests], ensure_ascii=False)

    def times(self, operation: Operation) -> int:
        return sum(len(self.discord.calls(*route)) for route in OPERATIONS[operation])

    def disliked(self) -> list[str]:
        pinging = [
            f"{one.method} {one.template} lets mentions ping: {body.get('allowed_mentions')}"
            for one in self.discord.requests
            if one.method in ("POST", "PATCH") and one.template.endswith(_SAYING)
            for body in _bodies(one.json)
            if body.get("allowed_mentions") != {"parse": []}
        ]
        return [*self.discord.violations, *pinging]

    def unused(self) -> list[str]:
        return [" ".join(route) for route in EXPECTED if not self.discord.calls(*route)]

    def goes_wrong(self, operation: Operation, trouble: Trouble, seconds: float = 0.0, times: int = 1) -> None:
        for route in OPERATIONS[operation]:
            self.discord.faults.on(*route, _fault(trouble, seconds), times=times)

    def events(self, *, duplicate: int = 0, reorder: int = 0) -> None:
        self.discord.faults.events(duplicate=duplicate, reorder=reorder)

    def nonsense(self) -> list[str]:
        author = {"id": example.ALICE, "username": "alice", "discriminator": "0", "avatar": None}
        said = {"channel_id": example.SUPPORT, "guild_id": self.discord.guild_id, "author": author}
        pieces: dict[str, tuple[str, object]] = {
            "no id": ("MESSAGE_CREATE", {**said, "content": "no id"}),
            "bad time": ("MESSAGE_CREATE", {**said, "content": "bad time", "id": "yesterday"}),
            "wrong kinds": ("MESSAGE_CREATE", {**said, "content": ["a"], "id": 7.5, "channel_id": {"id": "1"}}),
            "an empty change": ("MESSAGE_UPDATE", {}),
            "an empty deletion": ("MESSAGE_DELETE", {}),
            "no object": ("MESSAGE_CREATE", ["no object"]),
        }
        for event, data in pieces.values():
            self.discord.gateway.inject(event, data)
        return list(pieces)

    async def tell_again(self) -> None:
        for event in list(self.guild.events.sent):
            if event.name.startswith("MESSAGE_"):
                self.guild.events.dispatch(event)

    async def all_received(self) -> None:
        """The desk writes down how far it has stored what it heard, so that another process can go on from there."""
        async with asyncio.timeout(20):
            while await self._written_down() < self.sequence:  # noqa: ASYNC110 - the store tells nobody of it
                await asyncio.sleep(0.02)

    async def nothing_acknowledged(self) -> bool:
        return await self._written_down() < self.sequence

    @property
    def sequence(self) -> int:
        """The number of the last thing that a living session was told."""
        return max((one.sequence for one in self.discord.gateway.sessions if not one.ended), default=0)

    async def bring_again(self) -> None:
        self.discord.gateway.cut()

    def failed(self) -> list[object]:
        return [*self.guild.failed_interactions]

    def time_passes(self, seconds: float) -> None:
        self.discord.advance(seconds)

    async def connected(self) -> None:
        await self.discord.gateway.until(lambda: any(one.connected for one in self.discord.gateway.sessions))

    async def renew_connections(self) -> None:
        self.discord.gateway.reconnect()

    async def cut_connections(self) -> None:
        self.discord.gateway.cut()

    def refuse_connections(self, refuse: bool) -> None:
        self.discord.gateway.refusing = refuse

    # signed requests

    def over_http(self) -> dict[str, str]:
        return {}

    async def reach(self, address: str) -> None:
        self.discord.deliver_interactions_to(f"{address}{self.path}")
        assert await self.discord.verify_interactions_url()

    def all_by_request(self) -> bool:
        return not [event for event in self.guild.events.sent if event.name == "INTERACTION_CREATE"]

    def request(self, text: str) -> bytes:
        data = chosen(self.guild, "ask", None, {"question": text})
        asked = self.guild._begin(COMMAND, example.ALICE, example.SUPPORT, data, command="ask")
        return json.dumps(self.guild._payload(asked)).encode()

    def signed(self, body: bytes, at: int | None = None) -> dict[str, str]:
        stamp = str(at or int(time.time()))
        signature = self.discord.app.signing_key.sign(stamp.encode() + body).signature.hex()
        return {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": stamp}

    def forged(self, body: bytes) -> list[dict[str, str]]:
        right = self.signed(body)
        return [
            {},
            {"X-Signature-Timestamp": right["X-Signature-Timestamp"]},
            {**right, "X-Signature-Ed25519": ""},
            {**right, "X-Signature-Ed25519": "0" * 128},
            {**right, "X-Signature-Ed25519": "no hex at all"},
            {**right, "X-Signature-Timestamp": str(int(right["X-Signature-Timestamp"]) + 1)},
            self.signed(body + b" "),
        ]

    # names and ids

    def person(self, who: str) -> str:
        return PEOPLE.get(who, who)

    def thread_of(self, spot: Spot) -> Channel | None:
        """The thread that a conversation goes on in, also when it has been deleted."""
        places = {**self.guild.gone_channels, **self.guild.channels}
        if spot.root in places:
            return places[spot.root or ""]
        first = self.guild.message(spot.channel, spot.first)
        private = [one for one in places.values() if one.kind == "private_thread" and one.parent == spot.channel]
        return next((one for one in private if first is not None and first.author in one.members), None)

    def _standing(self, spot: Spot, message: str) -> Message:
        thread = self.thread_of(spot) if spot.root else None
        places = [spot.channel, *([thread.id] if thread else [])]
        return next(found for place in places if (found := self.guild.message(place, message)) is not None)

    def _form(self, who: str) -> Modal:
        form = self.guild.modal_of(self.person(who))
        assert form is not None
        return form

    async def _written_down(self) -> int:
        store = redis.asyncio.Redis.from_url(self._store)
        found = await store.get(keys.note(f"discord:session:{self.discord.application_id}:0/1"))
        await store.aclose()
        return int(json.loads(found)["sequence"]) if found else 0

    def by_desk(self, message: Message) -> bool:
        return message.author == self.discord.bot_user_id or message.webhook is not None

    def _seen(self, messages: Iterable[Message], spot: Spot) -> list[Shown]:
        """Nothing marks a message that is still being written, except that an answer ends with its sources."""
        seen: list[Shown] = []
        ended = False
        for message in reversed(list(messages)):
            text = message.content
            ended = ended or any(word in text for word in _SOURCES)
            unfinished = bool(_CITED.search(text)) and not ended and not text.rstrip().endswith("…")
            growing = unfinished and self.by_desk(message) and not message.webhook and not message.components
            seen.insert(0, self.seen(message, spot, writing=growing and not text.startswith("### ")))
        return seen

    def seen(self, message: Message, spot: Spot | None, *, writing: bool = False) -> Shown:
        """A message in the words that hold on every platform."""
        place = self.guild.channels.get(message.channel) or self.guild.gone_channels[message.channel]
        links = [str(embed["url"]) for embed in message.embeds if embed.get("url")]
        return Shown(
            id=message.id,
            channel=place.parent if place.thread and place.parent else place.id,
            root=spot.root if spot else None,
            by_desk=self.by_desk(message),
            author=_NAMES.get(message.author),
            name=message.name,
            shown="\n".join([_read(message.shown), *(label for label, _ in message.buttons)]),
            order=int(time_of(message.id) * 1_000_000) + min(int(message.id) & 0x3FFFFF, 999),
            writing=writing,
            files=tuple(ShownFile(file.name, file.content) for file in message.attachments),
            live_links=(*message.links, *links, *(to for _, to in message.buttons if "://" in to)),
            live_mentions=message.pings,
            buttons=tuple(filter(None, (_action(name) for _, name in message.buttons))),
        )


class _Looking:
    def __init__(self, side: DiscordSide) -> None:
        self._side = side
        self._changes = side.guild.changes()
        self._seen: list[Shown] = []

    async def seen(self) -> list[Shown]:
        self._side.guild.tell("looked", {})
        async for frame in self._changes:
            if frame["kind"] == "looked":
                break
            message = frame.get("value")
            if isinstance(message, Message) and self._side.by_desk(message):
                self._seen.append(self._side.seen(message, None))
        return self._seen


def _action(custom_id: str) -> str:
    found = _BUTTON.match(custom_id)
    return _ACTIONS.get(found["letter"], "") if found else ""


def _read(markdown: str) -> str:
    """What a person reads: without the backslashes that keep marks from working."""
    return _ESCAPED.sub(r"\1", markdown)


def _bodies(body: object) -> list[dict[str, object]]:
    """The messages that a request brings: its body, or what stands within."""
    if not isinstance(body, dict):
        return []
    for inner in ("data", "message"):
        if isinstance(body.get(inner), dict):
            return [body[inner]] if "content" in body[inner] else []
    return [body] if "content" in body else []


def _fault(trouble: Trouble, seconds: float) -> Fault:
    match trouble:
        case "rate_limited":
            return Fault.rate_limited(seconds)
        case "server_error":
            return Fault.server_error(503)
        case "html":
            return Fault.server_error(502)
        case "dropped_before_receipt":
            return Fault.dropped_before_receipt()
        case "dropped_after_receipt":
            return Fault.dropped_after_receipt()
        case "slow":
            return Fault.slow(seconds)
