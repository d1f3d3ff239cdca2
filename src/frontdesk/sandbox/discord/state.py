"""What a Discord server holds, and every change to it, told to whoever follows."""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from frontdesk.sandbox.discord import example
from frontdesk.sandbox.discord.app import App
from frontdesk.sandbox.discord.clock import Clock
from frontdesk.sandbox.discord.permissions import (
    BITS,
    EVERYTHING,
    IN_DIRECT_MESSAGES,
    Overwrite,
    bits,
    in_channel,
    laid_over,
)
from frontdesk.sandbox.discord.snowflakes import Snowflakes
from frontdesk.sandbox.discord.values import (
    Attachment,
    Channel,
    Json,
    Kind,
    Message,
    Modal,
    Person,
    Role,
    Tag,
    Webhook,
)
from frontdesk.sandbox.feed import Feed

TYPING_SECONDS = 10.0


class State(Feed):
    """People, roles, channels, messages, webhooks, modals; knows nothing of how the app hears of them."""

    def __init__(self, app: App, clock: Clock) -> None:
        super().__init__()
        self.app = app
        self.clock = clock
        self.snowflakes = Snowflakes(clock)
        self.id = example.GUILD
        self.name = "Example Shop"
        self.owner = example.SAM
        self.people: dict[str, Person] = {}
        self.roles: dict[str, Role] = {}
        self.channels: dict[str, Channel] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.attachments: dict[str, Attachment] = {}
        self.modals: defaultdict[str, list[Modal]] = defaultdict(list)
        self.ephemerals: list[Message] = []
        self.violations: list[str] = []
        """What the app did that a correct app never does."""
        self.typing: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
        """Who typed where, and when; newest last."""
        self._shown_typing: dict[tuple[str, str], float] = {}
        """Until when each (channel, person) is shown as typing."""
        self.commands: dict[str, list[Json]] = {}
        """The app's commands: those of this server under its id, those of everywhere under an empty name."""
        self.gone_channels: dict[str, Channel] = {}
        self.without_starter: set[str] = set()
        """Forum posts whose first message has not arrived yet."""
        self.nonces: dict[str, tuple[float, str, str]] = {}
        """When each nonce came, and the channel and message that it made."""
        self.edits_of_old: defaultdict[str, list[float]] = defaultdict(list)
        """When messages older than an hour were edited, by channel."""
        self.most_edits_of_old = 5
        """Per channel and hour; Discord does not say how many it allows."""
        self.most_active_threads = 1000
        self.most_thread_members = 1000
        self._messages: defaultdict[str, dict[str, Message]] = defaultdict(dict)

    # people and places

    def add_person(
        self, person_id: str, name: str, *, real_name: str = "", roles: Iterable[str] = (), is_bot: bool = False
    ) -> Person:
        avatar = None if is_bot else f"{int(person_id):032x}"
        self.people[person_id] = Person(person_id, name, real_name or name.title(), avatar, tuple(roles), is_bot)
        return self.people[person_id]

    def put_person(self, person: Person) -> Person:
        self.people[person.id] = person
        self.tell("person", person)
        return person

    def add_channel(
        self,
        kind: Kind,
        name: str,
        *,
        channel_id: str | None = None,
        private: bool = False,
        overwrites: Iterable[Overwrite] = (),
        members: Iterable[str] = (),
        tags: Iterable[Tag] = (),
    ) -> Channel:
        return self.put_channel(
            Channel(
                channel_id or self.snowflakes.next(),
                kind,
                name,
                private=private,
                overwrites=tuple(overwrites),
                members=tuple(members),
                tags=tuple(tags),
            )
        )

    def put_channel(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self.tell("channel", channel)
        return channel

    def drop_channel(self, channel_id: str) -> list[Channel]:
        """The channel and its threads are gone; gives back what went, threads first."""
        gone = [one for one in self.channels.values() if one.parent == channel_id] + [self.channels[channel_id]]
        for one in gone:
            self.gone_channels[one.id] = self.channels.pop(one.id)
            self.tell("channel_deleted", one)
        return gone

    def dm_with(self, user: str) -> Channel:
        """The direct message channel of a person and the app, made at need."""
        for channel in self.channels.values():
            if channel.dm and user in channel.members:
                return channel
        return self.add_channel("dm", self.people[user].name, members=(user, self.app.bot_user_id))

    def threads(self, parent: str) -> list[Channel]:
        """The threads of a channel, or the posts of a forum, oldest first."""
        return [one for one in self.channels.values() if one.thread and one.parent == parent]

    def active_threads(self) -> list[Channel]:
        return [one for one in self.channels.values() if one.thread and not one.archived]

    def tag_names(self, thread: str) -> list[str]:
        """The tags on a forum post, by name."""
        post = self.channels[thread]
        forum = self.channels.get(post.parent or "")
        offered = {tag.id: tag.name for tag in forum.tags} if forum else {}
        return [offered[tag] for tag in post.applied_tags if tag in offered]

    # permissions

    def permissions(self, user: str, channel_id: str) -> int:
        """What this person may do there; a thread follows its parent."""
        channel = self.channels[channel_id]
        if channel.dm:
            return IN_DIRECT_MESSAGES if user in channel.members else 0
        person = self.people[user]
        if not person.in_guild:
            return 0
        if user == self.owner:
            return EVERYTHING
        place = self.channels[channel.parent] if channel.thread and channel.parent else channel
        base = self.base_permissions(user)
        granted = in_channel(base, example.EVERYONE, user, person.roles, place.overwrites)
        hidden = channel.kind == "private_thread" and user not in channel.members
        return 0 if hidden and not granted & BITS["MANAGE_THREADS"] else granted

    def base_permissions(self, user: str) -> int:
        """What the roles grant before any channel is looked at."""
        granted = self.roles[example.EVERYONE].permissions
        for role in self.people[user].roles:
            granted |= self.roles[role].permissions
        return granted

    def base_may(self, user: str, name: str) -> bool:
        return bool(self.base_permissions(user) & (BITS[name] | BITS["ADMINISTRATOR"]))

    def may(self, user: str, channel_id: str, *wanted: str) -> bool:
        need = bits(wanted)
        return self.permissions(user, channel_id) & need == need

    def bot_may(self, channel_id: str, *wanted: str) -> bool:
        return self.may(self.app.bot_user_id, channel_id, *wanted)

    def overwritten(
        self, channel_id: str, target: str | None, *, allow: Iterable[str] = (), deny: Iterable[str] = ()
    ) -> Channel:
        """The channel with permissions granted to or taken from a role or member, the app itself if none is named."""
        channel, whom = self.channels[channel_id], target or self.app.bot_user_id
        kind = 0 if whom in self.roles else 1
        laid = laid_over(channel.overwrites, whom, kind, allow=bits(allow), deny=bits(deny))
        return replace(channel, overwrites=laid)

    # reading

    def message(self, channel: str, message_id: str) -> Message | None:
        """One message as it is now, deleted or not."""
        return self._messages[channel].get(message_id)

    def everything(self, channel: str) -> list[Message]:
        """All messages in order, with what was deleted and Discord's own notices."""
        return list(self._messages[channel].values())

    def standing(self, channel: str) -> list[Message]:
        """What the API shows: everything that was not deleted."""
        return [one for one in self._messages[channel].values() if not one.deleted]

    def messages(self, channel: str) -> list[Message]:
        """What people and apps wrote there, in order, without what was deleted."""
        return [one for one in self.standing(channel) if one.written]

    def ephemeral(self, message_id: str) -> Message | None:
        return next((one for one in self.ephemerals if one.id == message_id), None)

    def starter(self, thread: Channel) -> Message | None:
        """The message a thread was opened on, or the first of a forum post: it has the thread's id."""
        parent = self.channels.get(thread.parent or "")
        place = thread.id if parent is not None and parent.kind == "forum" else thread.parent
        return self.message(place or "", thread.id)

    # writing

    def put(self, message: Message) -> Message:
        """Add or replace a message."""
        if message.ephemeral_for is not None:
            return self._put_ephemeral(message)
        shelf = self._messages[message.channel]
        new = message.id not in shelf
        shelf[message.id] = message
        if new:
            self._shown_typing.pop((message.channel, message.author), None)
            self._count(message)
        self.tell("deleted" if message.deleted else "message" if new else "changed", message)
        return message

    def _count(self, message: Message) -> None:
        channel = self.channels[message.channel]
        counted = message.written and message.id != channel.id
        self.channels[channel.id] = replace(channel, last_message=message.id, sent=channel.sent + counted)

    def _put_ephemeral(self, message: Message) -> Message:
        known = [one.id for one in self.ephemerals]
        if message.id in known:
            self.ephemerals[known.index(message.id)] = message
        else:
            self.ephemerals.append(message)
        self.ephemerals = [one for one in self.ephemerals if not one.deleted]
        self.tell("ephemeral", message)
        return message

    def keep_file(self, channel: str, name: str, content: bytes, mimetype: str, **more: str | None) -> Attachment:
        clean = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)
        attachment = Attachment(self.snowflakes.next(), channel, clean, mimetype, content, **more)
        self.attachments[attachment.id] = attachment
        return attachment

    def put_webhook(self, webhook: Webhook) -> Webhook:
        self.webhooks[webhook.id] = webhook
        self.wake()
        return webhook

    def new_webhook(self, channel: str, name: str, user: str) -> Webhook:
        """Made by the app: it owns it."""
        made = Webhook(self.snowflakes.next(), secrets.token_urlsafe(48), channel, name, self.app.application_id, user)
        return self.put_webhook(made)

    def open_modal(self, modal: Modal) -> None:
        self.modals[modal.user].append(modal)
        self.tell("modal", modal)

    def close_modal(self, modal: Modal) -> None:
        self.modals[modal.user].remove(modal)
        self.tell("modal_closed", modal)

    def start_typing(self, user: str, channel: str) -> None:
        now = self.clock.now()
        self.typing[channel].append((user, now))
        self._shown_typing[channel, user] = now + TYPING_SECONDS
        self.tell("typing", {"channel": channel, "user": user})

    def is_typing(self, channel: str, user: str | None = None) -> bool:
        """Whether the app (or this person) is shown as typing there now: for ten seconds, or until it writes."""
        until = self._shown_typing.get((channel, user or self.app.bot_user_id), 0.0)
        return self.clock.now() < until

    # the feed

    def note(self, violation: str) -> None:
        self.violations.append(violation)
        self.wake()

    def tell(self, kind: str, whole: Json | Message | Channel | Modal | Person) -> None:
        """A change for those who follow: the fact itself, or the thing as it is now under `value`."""
        self.publish(lambda: {"kind": kind, **(whole if isinstance(whole, dict) else {"value": whole})})

    def dump(self) -> str:
        """All channels as text, for people who read a failed test."""
        lines = []
        for channel in self.channels.values():
            marks = [mark for mark in ("archived", "locked") if getattr(channel, mark)]
            marks += self.tag_names(channel.id)
            under = f" in {self.channels[channel.parent].name}" if channel.parent in self.channels else ""
            lines.append(f"{channel.kind} {channel.name!r} ({channel.id}){under} {marks or ''}".rstrip())
            lines += [self._line(message) for message in self.everything(channel.id)]
        lines += [f"only {one.ephemeral_for} sees in {one.channel}: {one.shown}" for one in self.ephemerals]
        for user, modals in self.modals.items():
            lines += [f"{user} has open: {modal.title!r} ({modal.custom_id})" for modal in modals]
        return "\n".join(lines)

    def _line(self, message: Message) -> str:
        marks = [mark for mark in ("edited", "deleted", "loading", "webhook") if getattr(message, mark)]
        marks += [] if message.written else [f"type {message.type}"]
        marks += [f"button {label!r}" for label, _ in message.buttons]
        return f"  {message.id} {message.name}{f' {marks}' if marks else ''}: {message.shown}"
