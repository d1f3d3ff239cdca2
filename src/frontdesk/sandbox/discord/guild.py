"""The server as its people use it: everything a person can do, and what they see of the app's answers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from frontdesk.sandbox.discord import example, interaction_answers
from frontdesk.sandbox.discord.app import App
from frontdesk.sandbox.discord.cdn import Links
from frontdesk.sandbox.discord.clock import Clock
from frontdesk.sandbox.discord.errors import ApiError
from frontdesk.sandbox.discord.events import Event, Events
from frontdesk.sandbox.discord.forms import submitted
from frontdesk.sandbox.discord.happenings import Happenings
from frontdesk.sandbox.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    SUBMIT,
    Ack,
    Delivery,
    Interaction,
    Interactions,
)
from frontdesk.sandbox.discord.payloads import pings
from frontdesk.sandbox.discord.permissions import IN_A_DIRECT_INTERACTION, Overwrite, bits
from frontdesk.sandbox.discord.slash import chosen, find_command, invoked, must_be_offered
from frontdesk.sandbox.discord.values import (
    HAS_THREAD,
    REPLY,
    Channel,
    Json,
    Message,
    Modal,
    Person,
    Role,
    Tag,
    walk,
)

OTHER_APP = "1100000000000000701"
Uploads = Iterable[tuple[str, bytes, str]]


class Guild(Happenings):
    """State plus the acts of people; each act tells the app what real Discord would."""

    def __init__(self, app: App, clock: Clock, events: Events, links: Links, delivery: Delivery) -> None:
        super().__init__(app, clock, events, links)
        self.delivery = delivery
        self.interactions = Interactions(clock)
        self.failed_interactions: list[Ack] = []
        """Clicks, forms and commands that the app did not answer in time: the person saw an error."""
        delivery.on_answer = self._answered_over_http

    def settle_example(self) -> None:
        """The example server that the demo and the tests share."""
        app = self.app
        self.roles[example.EVERYONE] = Role(example.EVERYONE, "@everyone", bits(example.EVERYONE_MAY))
        self.roles[example.STAFF_ROLE] = Role(example.STAFF_ROLE, "staff", bits(example.STAFF_MAY))
        self.roles[example.BOT_ROLE] = Role(example.BOT_ROLE, app.bot_name, bits(example.BOT_MAY))
        self.owner = app.owner_id
        self.add_person(app.bot_user_id, app.bot_name, roles=[example.BOT_ROLE], is_bot=True)
        for person, (name, real_name) in example.NAMES.items():
            roles = [example.STAFF_ROLE] if person in (example.SAM, example.DANA) else []
            self.add_person(person, name, real_name=real_name, roles=roles)
        view = bits(["VIEW_CHANNEL"])
        for_staff = (
            Overwrite(example.EVERYONE, 0, deny=view),
            Overwrite(example.STAFF_ROLE, 0, allow=view),
            Overwrite(example.BOT_ROLE, 0, allow=view),
        )
        self.add_channel("text", "support", channel_id=example.SUPPORT)
        self.add_channel("text", "general", channel_id=example.GENERAL)
        hidden = Overwrite(app.bot_user_id, 1, deny=view)
        self.add_channel("text", "random", channel_id=example.RANDOM, overwrites=[hidden])
        self.add_channel("text", "desk-staff", channel_id=example.STAFF, private=True, overwrites=for_staff)
        self.add_channel("forum", "help", channel_id=example.HELP, tags=[Tag(example.SOLVED_TAG, "solved")])
        self.add_channel("forum", "desk-queue", channel_id=example.QUEUE, private=True, overwrites=for_staff)

    # writing

    async def say(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        files: Uploads = (),
        reply_to: str | None = None,
        ping: bool = True,
    ) -> Message:
        """A person writes in a channel, a thread or a post; a reply notifies its original unless `ping=False`."""
        place = self._must_write(user, channel)
        return self.post(self._said(user, place, text, files=files, reply_to=reply_to, ping=ping))

    def _said(
        self,
        user: str,
        place: Channel,
        text: str,
        *,
        files: Uploads = (),
        reply_to: str | None = None,
        ping: bool = True,
        message_id: str | None = None,
    ) -> Message:
        reference = {"type": 0, "channel_id": place.id, "message_id": reply_to}
        message = Message(
            message_id or self.snowflakes.next(),
            place.id,
            user,
            self.people[user].shown_name,
            text,
            type=REPLY if reply_to else 0,
            reference=reference | ({} if place.dm else {"guild_id": self.id}) if reply_to else None,
            attachments=tuple(self.keep_file(place.id, name, content, kind) for name, content, kind in files),
            allowed_mentions=None if ping else {"parse": ["users", "roles", "everyone"], "replied_user": False},
        )
        return replace(message, pings=pings(self, message))

    async def say_dm(self, user: str, text: str, *, files: Uploads = (), reply_to: str | None = None) -> Message:
        return await self.say(user, self.dm_with(user).id, text, files=files, reply_to=reply_to)

    async def edit(self, user: str, channel: str, message_id: str, text: str) -> Message:
        old = self._own(user, channel, message_id)
        new = replace(old, content=text, edited=self.clock.now())
        return self.change(replace(new, pings=pings(self, new)))

    async def delete(self, user: str, channel: str, message_id: str) -> Message:
        """Delete one's own message, or as a moderator anybody's."""
        message = self._seen(user, channel, message_id)
        if message.author != user and not self.may(user, channel, "MANAGE_MESSAGES"):
            raise ValueError(f"{user} may not delete {message_id} in {channel}")
        return self.remove(message)

    async def purge(self, user: str, channel: str, *message_ids: str) -> None:
        """A moderator deletes several messages at once."""
        self.remove_many([self._seen(user, channel, one) for one in message_ids])

    async def unfurl(self, channel: str, message_id: str, title: str, url: str = "https://example.com") -> Message:
        """Discord adds a preview of a link: an update that nobody made, without `edited_timestamp`."""
        old = self.message(channel, message_id)
        if old is None:
            raise ValueError(f"there is no message {message_id} in {channel}")
        return self.change(replace(old, embeds=(*old.embeds, {"type": "link", "title": title, "url": url})))

    async def say_as_other_app(self, channel: str, text: str) -> Message:
        """Another bot posts; answering it could go on for ever."""
        if OTHER_APP not in self.people:
            self.add_person(OTHER_APP, "deploys", is_bot=True)
        message = Message(self.snowflakes.next(), channel, OTHER_APP, "deploys", text, application=OTHER_APP)
        return self.post(replace(message, pings=pings(self, message)))

    async def add_reaction(self, user: str, channel: str, message_id: str, emoji: str) -> Message:
        return self.react(self._seen(user, channel, message_id), user, emoji, on=True)

    async def remove_reaction(self, user: str, channel: str, message_id: str, emoji: str) -> Message:
        return self.react(self._seen(user, channel, message_id), user, emoji, on=False)

    async def type_in(self, user: str, channel: str) -> None:
        self.types(user, channel)

    def _must_see(self, user: str, channel: str) -> Channel:
        place = self.channels.get(channel)
        if place is None or not self.may(user, channel, "VIEW_CHANNEL"):
            raise ValueError(f"{user} does not see {channel}")
        return place

    def _must_write(self, user: str, channel: str) -> Channel:
        place = self._must_see(user, channel)
        if place.kind in ("forum", "category"):
            raise ValueError(f"nobody writes in {channel} itself: it is a {place.kind}")
        if not self.may(user, channel, "SEND_MESSAGES_IN_THREADS" if place.thread else "SEND_MESSAGES"):
            raise ValueError(f"{user} may not write in {channel}")
        if place.locked and not self.may(user, channel, "MANAGE_THREADS"):
            raise ValueError(f"{channel} is locked")
        return place

    def _seen(self, user: str, channel: str, message_id: str) -> Message:
        self._must_see(user, channel)
        message = self.message(channel, message_id) or self.ephemeral(message_id)
        if message is None or message.deleted or message.ephemeral_for not in (None, user):
            raise ValueError(f"{user} sees no message {message_id} in {channel}")
        return message

    def _own(self, user: str, channel: str, message_id: str) -> Message:
        message = self._seen(user, channel, message_id)
        if message.author != user:
            raise ValueError(f"{message_id} in {channel} is not by {user}")
        return message

    # threads and posts

    async def create_post(
        self,
        user: str,
        forum: str,
        title: str,
        text: str,
        *,
        tags: Iterable[str] = (),
        files: Uploads = (),
        starter: bool = True,
    ) -> Channel:
        """A person opens a forum post: the thread first, then its first message, which has the thread's id.

        With `starter=False` the first message is still on its way until `start_post`.
        """
        parent = self._must_see(user, forum)
        applied = tuple(tag.id for tag in parent.tags if tag.name in tags or tag.id in tags)
        post = self.begin_thread(parent, title, user, applied_tags=applied)
        if starter:
            await self.start_post(post.id, text, files=files)
        return self.channels[post.id]

    async def start_post(self, post: str, text: str, *, files: Uploads = ()) -> Message:
        """The first message of a post arrives."""
        place = self.channels[post]
        return self.post(self._said(place.owner or "", place, text, files=files, message_id=post))

    async def open_thread(
        self, user: str, channel: str, name: str, *, on: str | None = None, private: bool = False
    ) -> Channel:
        """A person opens a thread, on a message or on its own."""
        parent = self._must_see(user, channel)
        message = self._seen(user, channel, on) if on else None
        if message is not None and message.flags & HAS_THREAD:
            raise ValueError(f"{on} has a thread already")
        kind = "private_thread" if private else "public_thread"
        return self.begin_thread(parent, name, user, on=message, kind=kind)

    async def archive(self, thread: str, *, locked: bool = False) -> Channel:
        """A moderator closes a thread."""
        old = self.channels[thread]
        return self.change_thread(replace(old, archived=True, locked=locked or old.locked))

    async def lock(self, thread: str) -> Channel:
        """A moderator lets nobody but moderators write there any more."""
        return self.change_thread(replace(self.channels[thread], locked=True))

    async def unarchive(self, thread: str) -> Channel:
        return self.change_thread(replace(self.channels[thread], archived=False, locked=False))

    async def rename(self, user: str, thread: str, name: str) -> Channel:
        return self.change_thread(replace(self.channels[thread], name=name), by=user)

    async def tag_post(self, post: str, *tags: str) -> Channel:
        """Put exactly these tags on a post, by name or id."""
        offered = self.channels[self.channels[post].parent or ""].tags
        applied = tuple(tag.id for tag in offered if tag.name in tags or tag.id in tags)
        return self.change_thread(replace(self.channels[post], applied_tags=applied))

    async def add_to_thread(self, thread: str, user: str) -> None:
        self.join(self.channels[thread], user)

    async def leave_thread(self, thread: str, user: str) -> None:
        self.quit(self.channels[thread], user)

    # the server and its members

    async def leave(self, user: str) -> None:
        """A person leaves the server."""
        self.member_left(self.people[user])

    async def come_back(self, user: str) -> None:
        self.member_joined(self.people[user])

    async def change_nick(self, user: str, nick: str | None) -> Person:
        return self.change_person(replace(self.people[user], nick=nick))

    def block_dms(self, user: str, *, blocked: bool = True) -> None:
        """The person takes no direct messages from the app."""
        self.put_person(replace(self.people[user], dms_blocked=blocked))

    async def delete_channel(self, channel: str) -> None:
        """A channel (with its threads) or a thread is deleted."""
        self.remove_channel(channel)

    def deny(self, channel: str, *names: str, target: str | None = None) -> None:
        """Take permissions in a channel, from the app unless another role or member is named."""
        self._overwrite(channel, target, deny=names)

    def allow(self, channel: str, *names: str, target: str | None = None) -> None:
        self._overwrite(channel, target, allow=names)

    def _overwrite(self, channel: str, target: str | None, **change: Iterable[str]) -> None:
        place = self.channels[channel]
        whole = self.overwritten(place.parent if place.thread and place.parent else channel, target, **change)
        self.change_channel(whole)

    def remove_app(self) -> None:
        """An administrator throws the app out of the server."""
        bot = self.people[self.app.bot_user_id]
        self.put_person(replace(bot, in_guild=False))
        self.events.tell(Event("GUILD_DELETE", {"id": self.id}, "GUILDS"))

    def age(self) -> None:
        """End what Discord ends by itself: threads in which nobody wrote for long enough."""
        now = self.clock.now()
        for thread in [one for one in self.channels.values() if one.thread and not one.archived]:
            last = self.message(thread.id, thread.last_message or "")
            if now - max(last.at if last else 0.0, thread.archive_changed) >= thread.auto_archive * 60:
                self.change_thread(replace(thread, archived=True))

    # buttons, commands, forms

    async def press(
        self, user: str, channel: str, message_id: str, custom_id: str, *, values: Iterable[str] = ()
    ) -> Ack:
        """Press a button, or choose from a select; gives what the person saw within three seconds."""
        message = self._seen(user, channel, message_id)
        component = next((one for one in walk(message.components) if one.get("custom_id") == custom_id), None)
        if component is None or component.get("disabled"):
            raise ValueError(f"there is no {custom_id!r} to press: {message.buttons}")
        data: Json = {"component_type": component["type"], "custom_id": custom_id, "id": component["id"]}
        if component["type"] != 2:
            data |= {"values": list(values)} | self._resolved(component["type"], values)
        interaction = self._begin(COMPONENT, user, channel, data, source=message_id)
        extra = {"message": self.wire.message(message)}
        if message.ephemeral_for is None and not self.channels[channel].dm:
            extra["message"]["guild_id"] = self.id
        return await self._interact(interaction, extra)

    async def press_stale(self, user: str, channel: str, message: Message, custom_id: str) -> Ack:
        """Press a button that an old client still shows, though the message has changed or gone."""
        data: Json = {"component_type": 2, "custom_id": custom_id, "id": 1}
        interaction = self._begin(COMPONENT, user, channel, data, source=message.id)
        return await self._interact(interaction, {"message": self.wire.message(message)})

    async def slash(
        self,
        user: str,
        channel: str,
        command: str,
        subcommand: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Ack:
        """A slash command; `subcommand` may be two words where commands are grouped."""
        self._must_see(user, channel)
        must_be_offered(self, find_command(self, command, 1), user, channel)
        data = chosen(self, command, subcommand, options or {})
        return await self._interact(self._begin(COMMAND, user, channel, data, command=command))

    async def autocomplete(
        self,
        user: str,
        channel: str,
        command: str,
        subcommand: str | None,
        option: str,
        typed: str,
        others: Mapping[str, Any] | None = None,
    ) -> Ack:
        """What is offered while somebody types the value of an option."""
        self._must_see(user, channel)
        data = chosen(self, command, subcommand, {**(others or {}), option: typed}, focused=option)
        return await self._interact(self._begin(AUTOCOMPLETE, user, channel, data, command=command))

    async def menu(self, user: str, channel: str, target: str, name: str) -> Ack:
        """A command from the context menu of a message, or of a person."""
        message = self.message(channel, target)
        command = find_command(self, name, 3 if message else 2)
        must_be_offered(self, command, user, channel)
        data = invoked(command) | {"target_id": target}
        if message is not None:
            data["resolved"] = {"messages": {target: self.wire.message(message)}}
        else:
            data |= self._resolved(5, [target])
        return await self._interact(self._begin(COMMAND, user, channel, data, command=name))

    async def submit(self, user: str, modal_id: str, values: Mapping[str, Any]) -> Ack:
        """Send a form, by custom id of its fields; it closes when the app answered."""
        modal = next((one for one in self.modals[user] if one.id == modal_id), None)
        if modal is None:
            raise ValueError(f"{user} has no form {modal_id} open")
        data = submitted(self, modal, values)
        interaction = self._begin(SUBMIT, user, modal.channel, data, source=modal.message, root=modal.opened_by)
        source = self.message(modal.channel, modal.message or "") or self.ephemeral(modal.message or "")
        ack = await self._interact(interaction, {"message": self.wire.message(source)} if source else {})
        if ack.arrived:
            self.close_modal(modal)
        return ack

    def dismiss(self, user: str, modal_id: str) -> None:
        """Close a form without sending it; the app hears nothing."""
        for modal in [one for one in self.modals[user] if one.id == modal_id]:
            self.close_modal(modal)

    def _begin(self, kind: int, user: str, channel: str, data: Json, **more: Any) -> Interaction:
        return self.interactions.new(self.snowflakes.next(), kind, user, channel, data, **more)

    async def _interact(self, interaction: Interaction, extra: Json | None = None) -> Ack:
        payload = self._payload(interaction) | (extra or {})
        self.wake()
        self.delivery.send(interaction, payload)
        ack = await self.interactions.outcome(interaction)
        if not ack.arrived:
            self.failed_interactions.append(ack)
        self.wake()
        return ack

    def _payload(self, interaction: Interaction) -> Json:
        channel, person = self.channels[interaction.channel], self.people[interaction.user]
        whole: Json = {
            "id": interaction.id,
            "application_id": self.app.application_id,
            "type": interaction.type,
            "token": interaction.token,
            "version": 1,
            "channel_id": channel.id,
            "channel": self.wire.channel(channel),
            "app_permissions": str(
                IN_A_DIRECT_INTERACTION if channel.dm else self.permissions(self.app.bot_user_id, channel.id)
            ),
            "locale": person.locale,
            "entitlements": [],
            "attachment_size_limit": 10 << 20,
            "authorizing_integration_owners": {"0": "0" if channel.dm else self.id},
            "context": 1 if channel.dm else 0,
            "data": interaction.data,
        }
        if channel.dm:
            return whole | {"user": self.wire.user(person)}
        whole["channel"]["permissions"] = str(self.permissions(person.id, channel.id))
        return whole | {
            "guild_id": self.id,
            "guild": {"id": self.id, "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": self.wire.member_in(person, channel.id),
        }

    def _resolved(self, kind: int, values: Iterable[str]) -> Json:
        """What chosen ids stand for, for selects of people, roles and channels."""
        users = [self.people[one] for one in values if one in self.people]
        if kind not in (5, 7) or not users:
            return {}
        return {
            "resolved": {
                "users": {one.id: self.wire.user(one) for one in users},
                "members": {one.id: self._resolved_member(one) for one in users},
            }
        }

    def _resolved_member(self, person: Person) -> Json:
        return self.wire.member(person, user=False) | {"permissions": "0"}

    def _answered_over_http(self, interaction: Interaction, body: Json) -> None:
        if interaction.ack is not None or self.interactions.too_late(interaction):
            return
        try:
            interaction_answers.answer(self, interaction, body, ())
        except ApiError as refusal:
            self.note(f"answer to interaction {interaction.id}: {refusal}")

    def modal_of(self, user: str) -> Modal | None:
        """The form on top for this person."""
        return self.modals[user][-1] if self.modals[user] else None
