"""What happens on the server, whoever did it, and the gateway events that tell the app of it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from frontdesk.sandbox.discord.app import App
from frontdesk.sandbox.discord.cdn import Links
from frontdesk.sandbox.discord.clock import Clock
from frontdesk.sandbox.discord.errors import ApiError
from frontdesk.sandbox.discord.events import Event, Events
from frontdesk.sandbox.discord.state import State
from frontdesk.sandbox.discord.values import (
    HAS_THREAD,
    NAME_CHANGE,
    RECIPIENT_ADD,
    THREAD_CREATED,
    THREAD_STARTER,
    Channel,
    Json,
    Message,
    Person,
)
from frontdesk.sandbox.discord.wire import Wire


class Happenings(State):
    """State plus its events: the acts of people and of the app end here."""

    def __init__(self, app: App, clock: Clock, events: Events, links: Links) -> None:
        super().__init__(app, clock)
        self.events = events
        self.wire = Wire(self, links)

    def announce(self, name: str, channel: Channel, data: Json, intent: str, *, exempt: bool = False) -> None:
        """Tell the app, if it can see the channel at all."""
        if channel.dm:
            intent = intent.replace("GUILD_MESSAGE", "DIRECT_MESSAGE")
        elif not self._seen_by_bot(channel):
            return
        self.events.tell(Event(name, data, intent, exempt))

    def shut(self, channel: Channel) -> ApiError | None:
        """Why a locked thread takes no words from the app, unless it is a moderator there."""
        if not channel.locked or self.bot_may(channel.id, "MANAGE_THREADS"):
            return None
        # Seen on the real Discord: a thread that is archived as well is refused as archived, with this status.
        return ApiError(50083, status=403) if channel.archived else ApiError(160005)

    def _seen_by_bot(self, channel: Channel) -> bool:
        return channel.id in self.channels and self.bot_may(channel.id, "VIEW_CHANNEL")

    # messages

    def post(self, message: Message) -> Message:
        """A message appears; it opens an archived thread again and makes its author a member of it."""
        if message.ephemeral_for is not None:
            return self.put(message)
        channel = self.channels[message.channel]
        if channel.archived:
            channel = self.change_thread(replace(channel, archived=False))
        if channel.thread and message.written and not message.webhook:
            self.join(channel, message.author)
        self.without_starter.discard(message.id)
        self.put(message)
        self._tell_message("MESSAGE_CREATE", message)
        return message

    def change(self, message: Message) -> Message:
        self.put(message)
        if message.ephemeral_for is None:
            self._tell_message("MESSAGE_UPDATE", message)
        return message

    def remove(self, message: Message) -> Message:
        self.put(replace(message, deleted=True))
        if message.ephemeral_for is None:
            channel = self.channels[message.channel]
            data = {"id": message.id, "channel_id": message.channel, **self._of_guild(channel)}
            self.announce("MESSAGE_DELETE", channel, data, "GUILD_MESSAGES")
        return message

    def remove_many(self, messages: Iterable[Message]) -> None:
        """A moderator's clean-up: one event for all."""
        gone = [self.put(replace(one, deleted=True)) for one in messages]
        channel = self.channels[gone[0].channel]
        data = {"ids": [one.id for one in gone], "channel_id": channel.id, **self._of_guild(channel)}
        self.announce("MESSAGE_DELETE_BULK", channel, data, "GUILD_MESSAGES")

    def notice(self, channel: str, author: str, kind: int, *, content: str = "", **more: Any) -> None:
        """One of Discord's own lines, such as that a thread was renamed."""
        name = self.people[author].shown_name
        self.post(Message(self.snowflakes.next(), channel, author, name, content, type=kind, **more))

    def _tell_message(self, name: str, message: Message) -> None:
        data = self.wire.message(message, in_event=True)
        channel = self.channels[message.channel]
        self.announce(name, channel, data, "GUILD_MESSAGES", exempt=self.wire.exempt(message))

    def _of_guild(self, channel: Channel) -> Json:
        return {} if channel.dm else {"guild_id": self.id}

    def react(self, message: Message, user: str, emoji: str, *, on: bool) -> Message:
        others = tuple(one for one in message.reactions.get(emoji, ()) if one != user)
        reactions = {**message.reactions, emoji: (*others, user) if on else others}
        self.put(replace(message, reactions={key: users for key, users in reactions.items() if users}))
        channel = self.channels[message.channel]
        data = {
            "user_id": user,
            "channel_id": message.channel,
            "message_id": message.id,
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
            **self._of_guild(channel),
        }
        event = "MESSAGE_REACTION_ADD" if on else "MESSAGE_REACTION_REMOVE"
        self.announce(event, channel, data, "GUILD_MESSAGE_REACTIONS")
        return message

    def types(self, user: str, channel_id: str) -> None:
        self.start_typing(user, channel_id)
        channel = self.channels[channel_id]
        data = {
            "channel_id": channel_id,
            "user_id": user,
            "timestamp": int(self.clock.now()),
            **self._of_guild(channel),
        }
        if not channel.dm:
            data["member"] = self.wire.member(self.people[user])
        self.announce("TYPING_START", channel, data, "GUILD_MESSAGE_TYPING")

    # threads

    def begin_thread(
        self, parent: Channel, name: str, owner: str, *, on: Message | None = None, **more: Any
    ) -> Channel:
        """A thread on a message (it takes the message's id), a thread of its own, or a forum post."""
        kind = more.pop("kind", "public_thread")
        thread = Channel(
            on.id if on else self.snowflakes.next(),
            kind,
            name,
            parent=parent.id,
            private=parent.private or kind == "private_thread",
            owner=owner,
            members=(owner,),
            archive_changed=self.clock.now(),
            **more,
        )
        self.put_channel(thread)
        if parent.kind == "forum":
            self.without_starter.add(thread.id)
        if on is not None:
            self.put(replace(on, flags=on.flags | HAS_THREAD))
        data = self.wire.thread_for_bot(thread) | {"newly_created": True}
        self.announce("THREAD_CREATE", thread, data, "GUILDS")
        self._first_lines(parent, thread, owner, on)
        return thread

    def _first_lines(self, parent: Channel, thread: Channel, owner: str, on: Message | None) -> None:
        """What Discord itself writes when a thread begins in a text channel."""
        if parent.kind == "forum" or thread.kind == "private_thread":
            return
        if on is None:
            reference = {"type": 0, "channel_id": thread.id, "guild_id": self.id}
            self.notice(parent.id, owner, THREAD_CREATED, content=thread.name, reference=reference)
            return
        self.change(replace(self.message(parent.id, on.id) or on))
        reference = {"type": 0, "channel_id": parent.id, "message_id": on.id, "guild_id": self.id}
        if on.author in self.people:  # not under a borrowed name
            self.notice(thread.id, on.author, THREAD_STARTER, reference=reference)

    def change_thread(self, new: Channel, *, by: str | None = None) -> Channel:
        old = self.channels[new.id]
        if new.archived != old.archived:
            new = replace(new, archive_changed=self.clock.now())
        self.put_channel(new)
        self.announce("THREAD_UPDATE", new, self.wire.thread_for_bot(new), "GUILDS")
        if new.name != old.name and by is not None:
            self.notice(new.id, by, NAME_CHANGE, content=new.name)
        return self.channels[new.id]

    def join(self, thread: Channel, user: str, *, by: str | None = None) -> None:
        """A member more; one that somebody else added is told of by a line in the thread."""
        if user in self.channels[thread.id].members:
            return
        joined = self.put_channel(replace(self.channels[thread.id], members=(*thread.members, user)))
        if user == self.app.bot_user_id and thread.kind == "private_thread":
            self.announce("THREAD_CREATE", joined, self.wire.thread_for_bot(joined), "GUILDS")
        person = self.people[user]
        added = self.wire.thread_member(joined, user) | {"member": self.wire.member(person), "presence": None}
        self._tell_members(joined, {"added_members": [added]}, user)
        if by is not None and by != user:
            self.notice(thread.id, by, RECIPIENT_ADD, pings=(user,))

    def quit(self, thread: Channel, user: str) -> None:
        left = tuple(one for one in thread.members if one != user)
        changed = self.put_channel(replace(thread, members=left))
        self._tell_members(changed, {"removed_member_ids": [user]}, user)

    def _tell_members(self, thread: Channel, change: Json, user: str) -> None:
        data = {"id": thread.id, "guild_id": self.id, "member_count": min(50, len(thread.members)), **change}
        intent = "GUILDS" if user == self.app.bot_user_id else "GUILD_MEMBERS"
        self.announce("THREAD_MEMBERS_UPDATE", thread, data, intent)

    # channels

    def change_channel(self, new: Channel) -> Channel:
        """A channel as it is now; where the app loses or gains sight of it, it hears of that instead."""
        saw = self._seen_by_bot(self.channels[new.id])
        self.put_channel(new)
        sees = self._seen_by_bot(new)
        name = {
            (True, True): "CHANNEL_UPDATE",
            (True, False): "CHANNEL_DELETE",
            (False, True): "CHANNEL_CREATE",
        }.get((saw, sees))
        if name is not None and not new.dm:
            self.events.tell(Event(name, self.wire.channel(new), "GUILDS"))
        if not saw and sees:
            self._sync_threads(new)
        return new

    def _sync_threads(self, parent: Channel) -> None:
        """The active threads of a channel that the app has come to see."""
        active = [one for one in self.threads(parent.id) if not one.archived and self._seen_by_bot(one)]
        data = {
            "guild_id": self.id,
            "channel_ids": [parent.id],
            "threads": [self.wire.thread(one) for one in active],
            "members": [
                self.wire.thread_member(one, self.app.bot_user_id)
                for one in active
                if self.app.bot_user_id in one.members
            ],
        }
        self.events.tell(Event("THREAD_LIST_SYNC", data, "GUILDS"))

    def create_channel(self, channel: Channel) -> Channel:
        self.put_channel(channel)
        self.announce("CHANNEL_CREATE", channel, self.wire.channel(channel), "GUILDS")
        return channel

    def remove_channel(self, channel_id: str) -> None:
        channel = self.channels[channel_id]
        seen = self._seen_by_bot(channel)
        whole = self.wire.channel(channel)
        self.drop_channel(channel_id)
        if not seen:
            return
        if channel.thread:
            short = {key: whole[key] for key in ("id", "guild_id", "parent_id", "type")}
            self.events.tell(Event("THREAD_DELETE", short, "GUILDS"))
            return
        self.events.tell(Event("CHANNEL_DELETE", whole, "GUILDS"))

    def tell_webhooks(self, channel: Channel) -> None:
        self.announce("WEBHOOKS_UPDATE", channel, {"guild_id": self.id, "channel_id": channel.id}, "GUILD_WEBHOOKS")

    # members

    def change_person(self, person: Person) -> Person:
        self.put_person(person)
        data = {"guild_id": self.id, **self.wire.member(person)}
        self.events.tell(Event("GUILD_MEMBER_UPDATE", data, "GUILD_MEMBERS"))
        return person

    def member_left(self, person: Person) -> None:
        self.put_person(replace(person, in_guild=False))
        data = {"guild_id": self.id, "user": self.wire.user(person)}
        self.events.tell(Event("GUILD_MEMBER_REMOVE", data, "GUILD_MEMBERS"))

    def member_joined(self, person: Person) -> None:
        joined = self.put_person(replace(person, in_guild=True))
        data = {"guild_id": self.id, **self.wire.member(joined)}
        self.events.tell(Event("GUILD_MEMBER_ADD", data, "GUILD_MEMBERS"))
