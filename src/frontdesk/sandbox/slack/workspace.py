"""The workspace as its people use it: everything a person can do, and what the app is told about it."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from frontdesk.sandbox.slack.app import App
from frontdesk.sandbox.slack.clock import Clock
from frontdesk.sandbox.slack.delivery import Delivery
from frontdesk.sandbox.slack.elements import acted, find_element, state_values
from frontdesk.sandbox.slack.response_urls import ResponseUrls
from frontdesk.sandbox.slack.socket_mode import Ack
from frontdesk.sandbox.slack.state import State
from frontdesk.sandbox.slack.values import Channel, File, Json, Message, Person, View

STRANGERS_TEAM = "TACME"
MESSAGE_SUBSCRIPTION = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


class Workspace(State):
    """State plus the acts of people; each act tells the app what real Slack would."""

    def __init__(self, app: App, clock: Clock, delivery: Delivery) -> None:
        super().__init__(app, clock)
        self.delivery = delivery
        self.response_urls = ResponseUrls(app, clock)
        self.failed_interactions: list[Json] = []
        """Clicks, forms and commands that the app did not answer in time: the person saw an error."""

    def settle_example(self) -> None:
        """The example workspace that the demo and the tests share."""
        app = self.app
        self.people[app.bot_user_id] = Person(app.bot_user_id, app.bot_name, app.bot_name.title(), is_bot=True)
        self.add_person("UALICE", "alice", real_name="Alice Martin")
        self.add_person("UBOB", "bob", real_name="Bob Keller")
        self.add_person("USAM", "sam", real_name="Sam Rivera")
        self.add_person("UDANA", "dana", real_name="Dana Okafor", tz="America/New_York")
        self.add_person("UCAROL", "carol", real_name="Carol Acme", is_stranger=STRANGERS_TEAM)
        locals_ = ("UALICE", "UBOB", "USAM", "UDANA")
        self.add_channel("support", channel_id="CSUPPORT", members=(*locals_, app.bot_user_id))
        self.add_channel("general", channel_id="CGENERAL", members=(*locals_, app.bot_user_id))
        self.add_channel("random", channel_id="CRANDOM", members=locals_)
        self.add_channel("desk-staff", channel_id="CSTAFF", private=True, members=("USAM", "UDANA", app.bot_user_id))
        self.add_channel(
            "shared-with-acme",
            channel_id="CSHARED",
            ext_shared=True,
            members=("UCAROL", "USAM", app.bot_user_id),
        )

    # writing

    async def say(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Iterable[tuple[str, bytes, str]] = (),
        broadcast: bool = False,
        client_msg_id: str | None = None,
    ) -> Message:
        """A person posts; `text` is in Slack's own form (`&lt;`, `<@U123>`)."""
        self._must_be_in(user, channel)
        kept = tuple(self.keep_file(user, name, content, mimetype) for name, content, mimetype in files)
        subtype = "file_share" if kept else "thread_broadcast" if broadcast else None
        message = Message(
            ts=self.next_ts(),
            channel=channel,
            thread_ts=thread_ts,
            user=user,
            team=self.people[user].is_stranger or self.app.team_id,
            text=text,
            files=kept,
            subtype=subtype,
            client_msg_id=client_msg_id or str(uuid.uuid4()),
        )
        self.put(message)
        self.announce(message)
        return message

    async def say_dm(
        self,
        user: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Iterable[tuple[str, bytes, str]] = (),
    ) -> Message:
        return await self.say(user, self.dm_with(user).id, text, thread_ts=thread_ts, files=files)

    async def edit(self, user: str, channel: str, ts: str, text: str) -> Message:
        old = self._own(user, channel, ts)
        new = self.put(replace(old, text=text, edited=self.next_ts()))
        self.announce_change(old, new)
        return new

    async def unfurl(self, channel: str, ts: str, title: str) -> Message:
        """Slack adds a preview of a link: a change of the message that nobody made, without `edited`."""
        old = self.message(channel, ts)
        if old is None:
            raise ValueError(f"there is no message {ts} in {channel}")
        new = self.put(replace(old, attachments=(*old.attachments, {"title": title, "fallback": title})))
        self.announce_change(old, new)
        return new

    async def say_as_other_app(self, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Another integration posts; answering it could go on for ever."""
        message = Message(
            ts=self.next_ts(),
            channel=channel,
            thread_ts=thread_ts,
            bot_id="BOTHER",
            app_id="AOTHER",
            username="deploys",
            text=text,
            subtype="bot_message",
        )
        self.announce(self.put(message))
        return message

    async def delete(self, user: str, channel: str, ts: str) -> Message:
        old = self._own(user, channel, ts)
        self.announce_deletion(old)
        return self.put(replace(old, deleted=True))

    def _must_be_in(self, user: str, channel: str) -> None:
        if user not in self.channels[channel].members:
            raise ValueError(f"{user} is not in {channel} and cannot write there")

    def _own(self, user: str, channel: str, ts: str) -> Message:
        message = self.message(channel, ts)
        if message is None or message.deleted or message.user != user:
            raise ValueError(f"{user} has no message {ts} in {channel}")
        return message

    def keep_file(self, user: str, name: str, content: bytes, mimetype: str) -> File:
        file_id = self.next_id("F")
        url = f"{self.app.base_url}/files-pri/{self.app.team_id}-{file_id}/{name}"
        file = File(file_id, name, mimetype, content, user, url, created=int(self.clock.now()))
        self.files[file_id] = replace(file, needs_lookup=self.people[user].is_stranger is not None)
        return self.files[file_id]

    # what the app is told

    def announce(self, message: Message) -> None:
        """The message event, and app_mention beside it when the app is named."""
        channel = self.channels[message.channel]
        if not self.bot_is_in(channel.id):
            return
        event = self._with_place(message.wire(in_event=True), channel, message.ts)
        event |= self._author(message)
        self._send(event, channel)
        if self._is_mention(message, channel):
            mention = {key: value for key, value in event.items() if key not in ("subtype", "channel_type")}
            self.delivery.event(
                {**mention, "type": "app_mention"}, subscription="app_mention", ext_shared=channel.ext_shared
            )

    def _is_mention(self, message: Message, channel: Channel) -> bool:
        spoken = message.subtype in (None, "file_share", "thread_broadcast", "bot_message")
        named = f"<@{self.app.bot_user_id}>" in message.text
        return named and spoken and not channel.dm and message.bot_id != self.app.bot_id

    def announce_change(self, old: Message, new: Message) -> None:
        self._announce_hidden(
            new, {"subtype": "message_changed", "message": new.wire(), "previous_message": old.wire()}
        )

    def announce_deletion(self, old: Message) -> None:
        """A root with replies leaves a tombstone, which Slack reports as a change."""
        if any(one.ts != old.ts for one in self.thread(old.channel, old.ts)):
            stone = {
                "subtype": "message_changed",
                "message": self.tombstone(old),
                "previous_message": old.wire(),
            }
            self._announce_hidden(old, stone)
            return
        self._announce_hidden(old, {"subtype": "message_deleted", "deleted_ts": old.ts, "previous_message": old.wire()})

    def tombstone(self, old: Message) -> Json:
        """What stands in the place of a deleted root."""
        gone = {
            "type": "message",
            "subtype": "tombstone",
            "hidden": True,
            "text": "This message was deleted.",
        }
        return {**gone, "user": "USLACKBOT", "ts": old.ts, "thread_ts": old.ts}

    def _announce_hidden(self, message: Message, what: Json) -> None:
        channel = self.channels[message.channel]
        if self.bot_is_in(channel.id):
            ts = self.next_ts()
            self._send(self._with_place({"type": "message", "hidden": True, "ts": ts, **what}, channel, ts), channel)

    def _with_place(self, event: Json, channel: Channel, ts: str) -> Json:
        return {**event, "channel": channel.id, "event_ts": ts, "channel_type": channel.kind}

    def _author(self, message: Message) -> Json:
        """What an event says about the writer: the words as rich text, a stranger's team, the app itself."""
        if message.bot_id:
            profile = {
                "id": message.bot_id,
                "app_id": message.app_id,
                "name": message.username or self.app.bot_name,
                "deleted": False,
            }
            return {"bot_profile": profile}
        person = self.people[message.user or ""]
        words = {"type": "text", "text": message.text}
        section = {"type": "rich_text_section", "elements": [words]}
        extra: Json = {"blocks": [{"type": "rich_text", "block_id": "said", "elements": [section]}]}
        if message.thread_ts and (root := self.message(message.channel, message.thread_ts)):
            extra["parent_user_id"] = root.user
        if message.files:
            extra["upload"] = False
        if person.is_stranger:
            extra |= {
                "user_team": person.is_stranger,
                "source_team": person.is_stranger,
                "user_profile": {
                    "name": person.name,
                    "real_name": person.real_name,
                    "team": person.is_stranger,
                },
            }
        return extra

    def _send(self, event: Json, channel: Channel) -> None:
        self.delivery.event(event, subscription=MESSAGE_SUBSCRIPTION[channel.kind], ext_shared=channel.ext_shared)

    # buttons, forms, commands

    async def click(
        self, user: str, channel: str, ts: str, action_id: str, value: Any = None, *, from_outside: bool = False
    ) -> Ack:
        """Use an element of a message; `value` picks the option, or one of several buttons.

        `from_outside`: by somebody who is not (or no longer) in the channel, as an old client still may.
        """
        if not from_outside:
            self._must_be_in(user, channel)
        message = self.message(channel, ts) or self.ephemeral(channel, ts)
        if message is None or message.deleted or message.seen_by not in (None, user):
            raise ValueError(f"{user} sees no message {ts} in {channel}")
        block, element = find_element(message.blocks, action_id, value)
        payload = self._interaction(user, "block_actions") | {
            "container": {
                "type": "message",
                "message_ts": ts,
                "channel_id": channel,
                "is_ephemeral": message.seen_by is not None,
                **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
            },
            "channel": {"id": channel, "name": self.channels[channel].name},
            "message": message.wire(),
            "state": {"values": {}},
            "response_url": self.response_urls.new(user, channel, message),
            "actions": [acted(block, element, value, self.next_ts())],
        }
        return await self._interact("interactive", payload)

    async def click_in_view(self, user: str, view_id: str, action_id: str, value: Any = None) -> Ack:
        """Use an element of an open modal that does not wait for the submission."""
        view = self._open_view(user, view_id)
        block, element = find_element(view.body["blocks"], action_id, value)
        payload = self._interaction(user, "block_actions") | {
            "container": {"type": "view", "view_id": view_id},
            "view": self.view_wire(view),
            "actions": [acted(block, element, value, self.next_ts())],
        }
        return await self._interact("interactive", payload)

    async def submit_view(self, user: str, view_id: str, values: Mapping[str, Mapping[str, Any]]) -> Ack:
        """Send a form; the app's answer closes it, marks errors, changes it or lays another on top."""
        view = self._open_view(user, view_id)
        filled = state_values(view.body["blocks"], values)
        payload = self._interaction(user, "view_submission") | {
            "view": self.view_wire(view, filled),
            "response_urls": [],
        }
        ack = await self._interact("interactive", payload)
        if ack.arrived:
            self._follow_response(view, ack.payload if isinstance(ack.payload, dict) else {})
        return ack

    def _follow_response(self, view: View, answer: Json) -> None:
        match answer.get("response_action"):
            case "errors":
                self.put_view(replace(view, errors=answer["errors"]))
            case "update":
                self.update_view(view, answer["view"])
            case "push":
                self.open_view(view.user, answer["view"])
            case "clear":
                self.drop_views(view.user, self.views[view.user])
            case _:
                still_open = self.view(view.id)
                self.drop_views(view.user, [still_open] if still_open else [])

    async def close_view(self, user: str, view_id: str, *, cleared: bool = False) -> None:
        """Close a modal without sending it."""
        view = self._open_view(user, view_id)
        self.drop_views(user, self.views[user] if cleared else [view])
        if view.body.get("notify_on_close"):
            payload = self._interaction(user, "view_closed") | {
                "view": self.view_wire(view),
                "is_cleared": cleared,
            }
            payload.pop("trigger_id")
            await self._interact("interactive", payload)

    async def slash(self, user: str, channel: str, command: str, text: str = "") -> Ack:
        """A slash command; an answer in the acknowledgement is shown at once."""
        payload = {
            "token": "deprecated",
            "team_id": self.app.team_id,
            "team_domain": "example-shop",
            "channel_id": channel,
            "channel_name": "directmessage" if self.channels[channel].dm else self.channels[channel].name,
            "user_id": user,
            "user_name": self.people[user].name,
            "command": command,
            "text": text,
            "api_app_id": self.app.app_id,
            "is_enterprise_install": "false",
            "response_url": self.response_urls.new(user, channel, None),
            "trigger_id": self.new_trigger(user),
        }
        ack = await self._interact("slash_commands", payload)
        if ack.arrived and ack.payload:
            answer = ack.payload if isinstance(ack.payload, dict) else {"text": str(ack.payload)}
            self.answer_command(user, channel, answer)
        return ack

    async def shortcut(self, user: str, callback_id: str, *, channel: str | None = None, ts: str | None = None) -> Ack:
        """A global shortcut, or a message shortcut when a message is named."""
        if channel is None or ts is None:
            return await self._interact(
                "interactive",
                self._interaction(user, "shortcut") | {"callback_id": callback_id, "action_ts": self.next_ts()},
            )
        message = self.message(channel, ts)
        if message is None:
            raise ValueError(f"there is no message {ts} in {channel}")
        payload = self._interaction(user, "message_action") | {
            "callback_id": callback_id,
            "action_ts": self.next_ts(),
            "message_ts": ts,
            "channel": {"id": channel, "name": self.channels[channel].name},
            "message": message.wire(),
            "response_url": self.response_urls.new(user, channel, None),
        }
        return await self._interact("interactive", payload)

    def _interaction(self, user: str, kind: str) -> Json:
        person = self.people[user]
        team_id = person.is_stranger or self.app.team_id
        return {
            "type": kind,
            "token": "deprecated",
            "api_app_id": self.app.app_id,
            "team": {"id": self.app.team_id, "domain": "example-shop"},
            "enterprise": None,
            "is_enterprise_install": False,
            "user": {"id": user, "username": person.name, "name": person.name, "team_id": team_id},
            "trigger_id": self.new_trigger(user),
        }

    async def _interact(self, kind: str, payload: Json) -> Ack:
        ack = await self.delivery.interaction(kind, payload)
        if not ack.arrived:
            self.failed_interactions.append(payload)
            self.wake()
        return ack

    # other acts

    async def stop(self, user: str, channel: str, thread_ts: str) -> None:
        """The Stop button of a session: Slack ends its streams and tells the app."""
        stopped = [ts for place, ts in self.streams if place == channel and self._root_of(channel, ts) == thread_ts]
        for ts in stopped:
            self.end_stream(channel, ts, "stopped_by_user")
        event = {
            "type": "agent_session_stopped",
            "user": user,
            "channel": channel,
            "thread_ts": thread_ts,
            "streaming_message_ts": stopped,
            "event_ts": self.next_ts(),
        }
        self.delivery.event(event, subscription="agent_session_stopped")

    async def rename_session(self, user: str, channel: str, thread_ts: str, title: str) -> None:
        session = self.sessions[channel, thread_ts]
        self.put_session(replace(session, title=title))
        event = {
            "type": "agent_session_title_changed",
            "user": user,
            "channel": channel,
            "thread_ts": thread_ts,
            "title": title,
            "team_id": self.app.team_id,
            "event_ts": self.next_ts(),
        }
        if session.title is not None:
            event["previous_title"] = session.title
        self.delivery.event(event, subscription="agent_session_title_changed")

    async def open_messages_tab(self, user: str) -> None:
        event = {
            "type": "app_home_opened",
            "user": user,
            "channel": self.dm_with(user).id,
            "tab": "messages",
            "event_ts": self.next_ts(),
        }
        self.delivery.event(event, subscription="app_home_opened")

    async def react(self, user: str, channel: str, ts: str, name: str, *, remove: bool = False) -> None:
        message = self.message(channel, ts)
        if message is None:
            raise ValueError(f"there is no message {ts} in {channel}")
        self.change_reaction(user, message, name, remove=remove)

    def change_reaction(self, user: str, message: Message, name: str, *, remove: bool) -> None:
        """Add or take away one reaction and tell the app."""
        users = [one for one in message.reactions.get(name, ()) if one != user] + ([] if remove else [user])
        reactions = {**message.reactions, name: tuple(users)}
        new = self.put(replace(message, reactions={key: who for key, who in reactions.items() if who}))
        self.tell("reaction", new)
        kind = "reaction_removed" if remove else "reaction_added"
        event = {
            "type": kind,
            "user": user,
            "reaction": name,
            "item_user": message.user,
            "item": {"type": "message", "channel": message.channel, "ts": message.ts},
            "event_ts": self.next_ts(),
        }
        if self.bot_is_in(message.channel):
            self.delivery.event(event, subscription=kind)

    async def join(self, user: str, channel: str) -> None:
        """A person (or the app, by invitation) becomes a member."""
        self.let_in(user, channel)

    def let_in(self, user: str, channel: str) -> None:
        place = self.channels[channel]
        if user in place.members:
            return
        self.channels[channel] = replace(place, members=(*place.members, user))
        self._announce_membership("member_joined_channel", user, channel)
        line = f"<@{user}> has joined the channel"
        joined = Message(ts=self.next_ts(), channel=channel, user=user, text=line, subtype="channel_join")
        self.announce(self.put(joined))

    async def leave(self, user: str, channel: str) -> None:
        place = self.channels[channel]
        self.channels[channel] = replace(place, members=tuple(one for one in place.members if one != user))
        self._announce_membership("member_left_channel", user, channel)

    def _announce_membership(self, kind: str, user: str, channel: str) -> None:
        event = {
            "type": kind,
            "user": user,
            "channel": channel,
            "channel_type": "G" if self.channels[channel].private else "C",
            "team": self.app.team_id,
            "event_ts": self.next_ts(),
        }
        self.delivery.event(event, subscription=kind)

    async def archive(self, user: str, channel: str) -> None:
        self.channels[channel] = replace(self.channels[channel], archived=True)
        event = {"type": "channel_archive", "user": user, "channel": channel, "event_ts": self.next_ts()}
        self.delivery.event(event, subscription="channel_archive")

    # views and answers of the app

    def view_wire(self, view: View, values: Json | None = None) -> Json:
        return view.wire(self.app.team_id, self.app.app_id, self.app.bot_id, values)

    def open_view(self, user: str, body: Json) -> View:
        """Lay a view on top of the person's stack."""
        stack = self.views.get(user, [])
        view_id = self.next_id("V")
        root, previous = (stack[0].id, stack[-1].id) if stack else (view_id, None)
        return self.put_view(View(view_id, user, body, self._view_hash(body), root, previous))

    def update_view(self, view: View, body: Json) -> View:
        new = replace(view, body=body, hash=self._view_hash(body), errors={})
        if view.user in self.home and self.home[view.user].id == view.id:
            self.home[view.user] = new
            self.tell("view", new)
            return new
        return self.put_view(new)

    def publish_home(self, user: str, body: Json) -> View:
        old = self.home.get(user)
        view_id = old.id if old else self.next_id("V")
        self.home[user] = View(view_id, user, body, self._view_hash(body), view_id)
        self.tell("view", self.home[user])
        return self.home[user]

    def _view_hash(self, body: Json) -> str:
        return f"{self.next_ts()}.{hashlib.sha256(repr(body).encode()).hexdigest()[:8]}"

    def _open_view(self, user: str, view_id: str) -> View:
        view = self.view(view_id)
        if view is None or view.user != user:
            raise ValueError(f"{user} has no open view {view_id}")
        return view

    def answer_command(self, user: str, channel: str, answer: Json, thread_ts: str | None = None) -> Message:
        """Show what came as the answer to a command or through a response_url."""
        app = self.app
        message = Message(
            ts=self.next_ts(),
            channel=channel,
            thread_ts=answer.get("thread_ts") or thread_ts,
            user=app.bot_user_id,
            bot_id=app.bot_id,
            app_id=app.app_id,
            text=answer.get("text") or "",
            blocks=tuple(answer.get("blocks") or ()),
        )
        if answer.get("response_type") == "in_channel":
            self.put(message)
            self.announce(message)
            return message
        return self.put_ephemeral(replace(message, seen_by=user))

    def replace_original(self, clicked: Message, answer: Json) -> None:
        """Change or delete the message whose button was pressed, through its response_url."""
        old = self.message(clicked.channel, clicked.ts) or self.ephemeral(clicked.channel, clicked.ts) or clicked
        if answer.get("delete_original"):
            new = replace(old, deleted=True)
        else:
            new = replace(old, text=answer.get("text") or "", blocks=tuple(answer.get("blocks") or ()))
        if old.seen_by:
            self.put_ephemeral(new)
            return
        if new.deleted:
            self.announce_deletion(old)
        else:
            self.announce_change(old, new)
        self.put(new)

    def _root_of(self, channel: str, ts: str) -> str:
        message = self.message(channel, ts)
        return message.root if message else ts
