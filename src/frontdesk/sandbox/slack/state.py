"""What a workspace holds, and every change to it, told to whoever follows."""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from frontdesk.sandbox.feed import Feed
from frontdesk.sandbox.slack.app import App
from frontdesk.sandbox.slack.clock import Clock
from frontdesk.sandbox.slack.values import Channel, File, Json, Message, Person, Session, View

STREAM_SECONDS = 300.0
STATUS_SECONDS = 120.0
TRIGGER_SECONDS = 3.0


@dataclass(frozen=True)
class Trigger:
    user: str
    good_until: float


class State(Feed):
    """People, channels, messages, files, views, sessions; knows nothing of how the app hears of them."""

    def __init__(self, app: App, clock: Clock) -> None:
        super().__init__()
        self.app = app
        self.clock = clock
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.ephemerals: list[Message] = []
        self.views: dict[str, list[View]] = {}
        self.home: dict[str, View] = {}
        self.status: dict[tuple[str, str], str] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.prompts: dict[tuple[str, str | None], list[Json]] = {}
        self.files: dict[str, File] = {}
        self.streams: dict[tuple[str, str], float] = {}
        """When each open stream began."""
        self.late_until: dict[tuple[str, str], float] = {}
        """Messages that replies and history do not show yet."""
        self.triggers: dict[str, Trigger | None] = {}
        """None: used up."""
        self._messages: dict[str, dict[str, Message]] = {}
        self._threads: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._status_since: dict[tuple[str, str], float] = {}
        self._last_ts = 0
        self._number = 0

    # people and places

    def add_person(
        self,
        person_id: str,
        name: str,
        *,
        real_name: str = "",
        tz: str = "Europe/Berlin",
        is_stranger: str | None = None,
    ) -> Person:
        person = Person(
            person_id,
            name,
            real_name or name.title(),
            tz,
            is_stranger,
            image=f"{self.app.base_url}/images/{person_id}.svg",
        )
        self.people[person_id] = person
        return person

    def add_channel(
        self,
        name: str,
        *,
        channel_id: str | None = None,
        private: bool = False,
        members: Iterable[str] = (),
        ext_shared: bool = False,
        dm: bool = False,
    ) -> Channel:
        self._number += 1
        known = channel_id or f"{'D' if dm else 'C'}{name.upper().replace('-', '')}{self._number}"
        channel = Channel(known, name, private, tuple(members), ext_shared, dm, created=int(self.clock.now()))
        self.channels[known] = channel
        self._messages[known] = {}
        self.tell("channel", {"id": known, "name": name, "private": private, "dm": dm, "members": list(members)})
        return channel

    def dm_with(self, user: str) -> Channel:
        """The direct message channel of a person and the app, made at need."""
        for channel in self.channels.values():
            if channel.dm and user in channel.members:
                return channel
        return self.add_channel(user, channel_id=f"D{user[1:]}", dm=True, members=(user, self.app.bot_user_id))

    def bot_is_in(self, channel: str) -> bool:
        return self.app.bot_user_id in self.channels[channel].members

    # reading

    def message(self, channel: str, ts: str) -> Message | None:
        """One message as it is now, deleted or not."""
        return self._messages.get(channel, {}).get(ts)

    def everything(self, channel: str) -> list[Message]:
        """All messages of a channel in order, threads and deleted ones included."""
        return list(self._messages[channel].values())

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The root and its replies in order, without what was deleted."""
        found = [self._messages[channel][reply] for reply in self._threads[channel, ts]]
        return [one for one in found if not one.deleted]

    def history(self, channel: str) -> list[Message]:
        """What stands in the channel itself: roots and broadcast replies, without what was deleted."""
        return [
            one
            for one in self._messages[channel].values()
            if not one.deleted and (one.thread_ts in (None, one.ts) or one.subtype == "thread_broadcast")
        ]

    def ephemeral(self, channel: str, ts: str) -> Message | None:
        return next((one for one in self.ephemerals if (one.channel, one.ts) == (channel, ts)), None)

    def view(self, view_id: str) -> View | None:
        for views in self.views.values():
            for view in views:
                if view.id == view_id:
                    return view
        return next((view for view in self.home.values() if view.id == view_id), None)

    # writing

    def next_ts(self) -> str:
        """Unique and increasing, as Slack's are within a channel."""
        self._last_ts = max(self._last_ts + 100, int(self.clock.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def next_id(self, letter: str) -> str:
        self._number += 1
        return f"{letter}{self._number:06d}{secrets.token_hex(2).upper()}"

    def put(self, message: Message) -> Message:
        """Store a new message or the new state of one."""
        new = message.ts not in self._messages[message.channel]
        self._messages[message.channel][message.ts] = message
        if new:
            self._threads[message.channel, message.root].append(message.ts)
        if new and message.bot_id:
            self.set_status(message.channel, message.root, "")
        self.tell("deleted" if message.deleted else "message" if new else "changed", message)
        return message

    def put_ephemeral(self, message: Message) -> Message:
        self.ephemerals = [one for one in self.ephemerals if one.ts != message.ts]
        if not message.deleted:
            self.ephemerals.append(message)
        self.tell("ephemeral", message)
        return message

    def put_view(self, view: View) -> View:
        """Replace the view with this id, or lay a new one on top of the person's stack."""
        stack = self.views.setdefault(view.user, [])
        for place, old in enumerate(stack):
            if old.id == view.id:
                stack[place] = view
                break
        else:
            stack.append(view)
        self.tell("view", view)
        return view

    def drop_views(self, user: str, views: Iterable[View]) -> None:
        for view in list(views):
            self.views[user].remove(view)
            self.tell("view_closed", view)

    def set_status(self, channel: str, thread_ts: str, status: str) -> None:
        if not status and (channel, thread_ts) not in self.status:
            return
        if status:
            self.status[channel, thread_ts] = status
            self._status_since[channel, thread_ts] = self.clock.now()
        else:
            del self.status[channel, thread_ts]
        self.tell("status", {"channel": channel, "thread_ts": thread_ts, "status": status})

    def put_session(self, session: Session) -> Session:
        self.sessions[session.channel, session.thread_ts] = session
        self.tell("session", session)
        return session

    def new_trigger(self, user: str) -> str:
        """The right to open one view for this person, for three seconds."""
        trigger = f"{secrets.randbelow(10**9)}.{secrets.randbelow(10**9)}.{secrets.token_hex(8)}"
        self.triggers[trigger] = Trigger(user, self.clock.now() + TRIGGER_SECONDS)
        return trigger

    def age(self) -> None:
        """End what Slack ends by itself: streams after five minutes, a status after two."""
        now = self.clock.now()
        for (channel, ts), began in list(self.streams.items()):
            if now - began >= STREAM_SECONDS:
                self.end_stream(channel, ts, "expired")
        for (channel, thread), since in list(self._status_since.items()):
            if now - since >= STATUS_SECONDS:
                del self._status_since[channel, thread]
                self.set_status(channel, thread, "")

    def end_stream(self, channel: str, ts: str, how: Any) -> Message | None:
        self.streams.pop((channel, ts), None)
        message = self.message(channel, ts)
        return message and self.put(replace(message, streaming=how))

    # the feed

    def tell(self, kind: str, whole: Json | Message | View | Session) -> None:
        self.publish(lambda: {"kind": kind, **(whole if isinstance(whole, dict) else whole.on_page())})

    def dump(self) -> str:
        """All channels as text, for people who read a failed test."""
        lines = []
        for channel in self.channels.values():
            lines.append(f"#{channel.name} ({channel.id})")
            lines += [self._line(message) for message in self.everything(channel.id)]
        lines += [f"  only {one.seen_by} sees in {one.channel}: {one.shown}" for one in self.ephemerals]
        lines += [f"  status in {place} {thread}: {status}" for (place, thread), status in self.status.items()]
        for user, views in self.views.items():
            lines += [f"  {user} has open: {view.body.get('callback_id')}" for view in views]
        return "\n".join(lines)

    def _line(self, message: Message) -> str:
        person = self.people.get(message.user or "")
        who = message.username or (person.name if person else message.user or message.bot_id)
        marks = [mark for mark in ("edited" if message.edited else "", "deleted" if message.deleted else "") if mark]
        marks += [message.streaming] if message.streaming else []
        indent = "    " if message.root != message.ts else "  "
        return f"{indent}{message.ts} {who}{f' {marks}' if marks else ''}: {message.shown}"
