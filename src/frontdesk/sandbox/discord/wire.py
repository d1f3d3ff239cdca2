"""Writes what the server holds as Discord's JSON."""

from typing import Any

from frontdesk.sandbox.discord import example
from frontdesk.sandbox.discord.cdn import Links
from frontdesk.sandbox.discord.permissions import BITS
from frontdesk.sandbox.discord.snowflakes import stamp, time_of
from frontdesk.sandbox.discord.state import State
from frontdesk.sandbox.discord.values import (
    CHANNEL_TYPES,
    EPHEMERAL,
    HAS_THREAD,
    Attachment,
    Channel,
    Json,
    Message,
    Person,
    Tag,
    Webhook,
)

JOINED = "2024-01-15T09:00:00.000000+00:00"
OBFUSCATED = 1 << 17
"""Flag of a channel that the app cannot see."""
REDACTED = ("embeds", "attachments", "components")


class Wire:
    """One server in Discord's own form."""

    def __init__(self, state: State, links: Links) -> None:
        self._state = state
        self.links = links

    # people

    def user(self, person: Person) -> Json:
        whole: Json = {
            "id": person.id,
            "username": person.name,
            "discriminator": "0000" if person.is_bot else "0",
            "global_name": None if person.is_bot else person.real_name,
            "avatar": person.avatar,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }
        return whole | ({"bot": True} if person.is_bot else {})

    def me(self) -> Json:
        """The app's own account, as only it sees it."""
        return self.user(self._bot) | {"mfa_enabled": False, "locale": "en-US", "email": None, "verified": True}

    @property
    def _bot(self) -> Person:
        return self._state.people[self._state.app.bot_user_id]

    def member(self, person: Person, *, user: bool = True) -> Json:
        whole: Json = {
            "roles": list(person.roles),
            "nick": person.nick,
            "avatar": None,
            "banner": None,
            "joined_at": JOINED,
            "premium_since": None,
            "communication_disabled_until": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }
        return whole | ({"user": self.user(person)} if user else {})

    def member_in(self, person: Person, channel: str) -> Json:
        """The member of an interaction, with what they may do there."""
        return self.member(person) | {"permissions": str(self._state.permissions(person.id, channel))}

    def roles(self) -> list[Json]:
        return [
            {
                "id": role.id,
                "name": role.name,
                "permissions": str(role.permissions),
                "position": place,
                "color": 0,
                "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
                "hoist": False,
                "managed": role.id == example.BOT_ROLE,
                **({"tags": {"bot_id": self._state.app.bot_user_id}} if role.id == example.BOT_ROLE else {}),
                "mentionable": False,
                "icon": None,
                "unicode_emoji": None,
                "description": None,
                "flags": 0,
            }
            for place, role in enumerate(self._state.roles.values())
        ]

    # places

    def channel(self, channel: Channel) -> Json:
        if channel.dm:
            return self._direct(channel)
        if channel.thread:
            return self.thread(channel)
        whole: Json = {
            "id": channel.id,
            "type": CHANNEL_TYPES[channel.kind],
            "guild_id": self._state.id,
            "name": channel.name,
            "topic": channel.topic,
            "position": list(self._state.channels).index(channel.id) if channel.id in self._state.channels else 0,
            "parent_id": channel.parent,
            "nsfw": False,
            "flags": channel.flags,
            "rate_limit_per_user": channel.slowmode,
            "last_message_id": channel.last_message,
            "permission_overwrites": [
                {"id": one.target, "type": one.kind, "allow": str(one.allow), "deny": str(one.deny)}
                for one in channel.overwrites
            ],
        }
        if channel.kind == "forum":
            whole |= {
                "available_tags": [self.tag(tag) for tag in channel.tags],
                "default_reaction_emoji": None,
                "default_sort_order": None,
                "default_forum_layout": 0,
            }
        return whole

    def channel_for_bot(self, channel: Channel) -> Json:
        """A channel as the gateway tells of it: one that the app cannot see is there, with next to nothing in it."""
        whole = self.channel(channel)
        if channel.thread or channel.dm or self._state.bot_may(channel.id, "VIEW_CHANNEL"):
            return whole
        nobody = {"id": self._state.id, "type": 0, "allow": "0", "deny": str(BITS["VIEW_CHANNEL"])}
        return whole | {
            "name": "___hidden___",
            "topic": None,
            "flags": channel.flags | OBFUSCATED,
            "permission_overwrites": [nobody],
        }

    def _direct(self, channel: Channel) -> Json:
        others = [self._state.people[one] for one in channel.members if one != self._state.app.bot_user_id]
        return {
            "id": channel.id,
            "type": CHANNEL_TYPES["dm"],
            "flags": 0,
            "last_message_id": channel.last_message,
            "recipients": [self.user(one) for one in others],
        }

    def thread(self, channel: Channel) -> Json:
        made = stamp(time_of(channel.id))
        return {
            "id": channel.id,
            "type": CHANNEL_TYPES[channel.kind],
            "guild_id": self._state.id,
            "parent_id": channel.parent,
            "name": channel.name,
            "owner_id": channel.owner,
            "flags": channel.flags,
            "rate_limit_per_user": channel.slowmode,
            "last_message_id": channel.last_message,
            "message_count": channel.sent,
            "total_message_sent": channel.sent,
            "member_count": min(50, len(channel.members)),
            "applied_tags": list(channel.applied_tags),
            "thread_metadata": {
                "archived": channel.archived,
                "archive_timestamp": stamp(channel.archive_changed or time_of(channel.id)),
                "auto_archive_duration": channel.auto_archive,
                "locked": channel.locked,
                "create_timestamp": made,
                **({"invitable": channel.invitable} if channel.kind == "private_thread" else {}),
            },
        }

    def thread_member(self, channel: Channel, user: str) -> Json:
        return {"id": channel.id, "user_id": user, "join_timestamp": stamp(time_of(channel.id)), "flags": 0}

    def thread_for_bot(self, channel: Channel) -> Json:
        """A thread with the app's own membership, where it has joined."""
        bot = self._state.app.bot_user_id
        joined = {"member": self.thread_member(channel, bot)} if bot in channel.members else {}
        return self.thread(channel) | joined

    def tag(self, tag: Tag) -> Json:
        return {
            "id": tag.id,
            "name": tag.name,
            "moderated": tag.moderated,
            "emoji_id": None,
            "emoji_name": tag.emoji_name,
        }

    def webhook(self, webhook: Webhook, *, with_token: bool = True) -> Json:
        whole: Json = {
            "id": webhook.id,
            "type": 1,
            "channel_id": webhook.channel,
            "guild_id": self._state.id,
            "name": webhook.name,
            "avatar": None,
            "application_id": webhook.application,
        }
        if webhook.user in self._state.people:
            whole["user"] = self.user(self._state.people[webhook.user])
        if with_token:
            whole |= {"token": webhook.token, "url": f"{self._state.app.api_url}/webhooks/{webhook.id}/{webhook.token}"}
        return whole

    # messages

    def message(self, message: Message, *, in_event: bool = False, deep: bool = True) -> Json:
        """The message as the API answers; events add the server and the author's membership."""
        whole: Json = {
            "id": message.id,
            "channel_id": message.channel,
            "type": message.type,
            "content": message.content,
            "author": self._author(message),
            "timestamp": stamp(message.at),
            "edited_timestamp": stamp(message.edited) if message.edited else None,
            "tts": message.tts,
            "mention_everyone": any(one.startswith("@") for one in message.pings),
            "mentions": self._mentions(message, in_event=in_event),
            "mention_roles": [one for one in message.pings if one in self._state.roles],
            "attachments": [self.attachment(one) for one in message.attachments],
            "embeds": self._signed(message.embeds),
            "components": self._signed(message.components),
            "pinned": message.pinned,
            "flags": message.flags | (EPHEMERAL if message.ephemeral_for else 0),
        }
        optional: Json = {
            "nonce": message.nonce,
            "webhook_id": message.webhook,
            "application_id": message.application,
            "interaction_metadata": message.interaction,
            "poll": message.poll,
            "reactions": self._reactions(message) or None,
            "message_reference": message.reference,
        }
        whole |= {key: value for key, value in optional.items() if value is not None}
        if message.reference and deep and message.type in (19, 21, 23):
            original = self._state.message(message.reference["channel_id"], str(message.reference.get("message_id")))
            shown = original is not None and not original.deleted
            whole["referenced_message"] = self.message(original, deep=False) if original and shown else None
        if message.flags & HAS_THREAD and deep and message.id in self._state.channels:
            whole["thread"] = self.thread(self._state.channels[message.id])
        return whole | (self._place(message) if in_event else {})

    def seen_by_app(self, message: Message) -> Json:
        """The message in an answer: blanked like an event where the app lacks the Message Content intent."""
        whole = self.message(message)
        if "MESSAGE_CONTENT" in self._state.app.enabled_intents or self.exempt(message):
            return whole
        return whole | {"content": ""} | {name: [] for name in REDACTED}

    def exempt(self, message: Message) -> bool:
        """Whether an app without Message Content may read it: direct, its own, named in it, or a pinging reply.

        What its webhook posted is not its own in this sense (discord-api-docs issue 5411).
        """
        app = self._state.app
        channel = self._state.channels.get(message.channel)
        if (channel and channel.dm) or app.bot_user_id == message.author:
            return True
        if app.bot_user_id not in message.pings:
            return False
        if f"<@{app.bot_user_id}>" in message.content or f"<@!{app.bot_user_id}>" in message.content:
            return True
        original = self._state.message(message.channel, message.reply_to or "")
        return original is not None and original.interaction is None

    def attachment(self, attachment: Attachment) -> Json:
        url = self.links.sign(attachment.path)
        whole: Json = {
            "id": attachment.id,
            "filename": attachment.name,
            "size": len(attachment.content),
            "url": url,
            "proxy_url": url,
            "content_type": attachment.mimetype,
        }
        if attachment.description:
            whole["description"] = attachment.description
        return whole | ({"title": attachment.title} if attachment.title else {})

    def _signed(self, value: Any) -> Any:
        """The same with links to attachments made good."""
        if isinstance(value, dict):
            return {key: self._signed(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._signed(one) for one in value]
        return self.links.sign(value) if isinstance(value, str) and value.startswith("/attachments/") else value

    def _author(self, message: Message) -> Json:
        if message.webhook and message.webhook != message.application:
            return {
                "id": message.webhook,
                "username": message.name,
                "discriminator": "0000",
                "global_name": None,
                "avatar": None,
                "bot": True,
                "public_flags": 0,
                "flags": 0,
                "primary_guild": None,
            }
        return self.user(self._state.people[message.author])

    def _mentions(self, message: Message, *, in_event: bool) -> list[Json]:
        found = [self._state.people[one] for one in message.pings if one in self._state.people]
        channel = self._state.channels.get(message.channel)
        with_member = in_event and channel is not None and not channel.dm
        return [self.user(one) | ({"member": self.member(one, user=False)} if with_member else {}) for one in found]

    def _reactions(self, message: Message) -> list[Json]:
        bot = self._state.app.bot_user_id
        return [
            {
                "emoji": {"id": None, "name": emoji},
                "count": len(users),
                "count_details": {"burst": 0, "normal": len(users)},
                "burst_colors": [],
                "me": bot in users,
                "me_burst": False,
            }
            for emoji, users in message.reactions.items()
        ]

    def _place(self, message: Message) -> Json:
        channel = self._state.channels.get(message.channel)
        if channel is None or channel.dm:
            return {"channel_type": 1}
        place: Json = {"guild_id": self._state.id, "channel_type": CHANNEL_TYPES[channel.kind]}
        person = self._state.people.get(message.author)
        return place | ({"member": self.member(person, user=False)} if person and person.in_guild else {})

    # what a gateway session starts with

    def ready(self) -> Json:
        """READY without the lines of the session itself."""
        return {
            "v": 10,
            "user": self.me(),
            "guilds": [{"id": self._state.id, "unavailable": True}],
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "application": {"id": self._state.app.application_id, "flags": 0},
        }

    def guild(self) -> Json:
        return {
            "id": self._state.id,
            "name": self._state.name,
            "icon": None,
            "splash": None,
            "discovery_splash": None,
            "home_header": None,
            "banner": None,
            "description": None,
            "owner_id": self._state.owner,
            "region": "deprecated",
            "afk_channel_id": None,
            "afk_timeout": 300,
            "application_id": None,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw": False,
            "nsfw_level": 0,
            "verification_level": 0,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "preferred_locale": "en-US",
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "vanity_url_code": None,
            "widget_enabled": False,
            "widget_channel_id": None,
            "max_members": 500_000,
            "max_presences": None,
            "max_video_channel_users": 25,
            "max_stage_video_channel_users": 50,
            "features": ["COMMUNITY"],
            "roles": self.roles(),
            "emojis": [],
            "stickers": [],
            "incidents_data": None,
        }

    def guild_create(self) -> Json:
        """The server as a session first hears of it: every channel, and the threads that the app can see."""
        state = self._state
        channels = [one for one in state.channels.values() if not one.dm and not one.thread]
        seen = [one for one in state.channels.values() if one.thread and state.bot_may(one.id, "VIEW_CHANNEL")]
        members = [one for one in state.people.values() if one.in_guild]
        return self.guild() | {
            "joined_at": JOINED,
            "large": False,
            "unavailable": False,
            "member_count": sum(one.in_guild for one in state.people.values()),
            "members": [self.member(one) for one in members],
            "channels": [self.channel_for_bot(one) for one in channels],
            "threads": [self.thread_for_bot(one) for one in seen if not one.archived],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def application(self) -> Json:
        """The app about itself."""
        app = self._state.app
        flags = (1 << 18 if "MESSAGE_CONTENT" in app.enabled_intents else 0) | (
            1 << 14 if "GUILD_MEMBERS" in app.enabled_intents else 0
        )
        owner = Person(app.owner_id, "owner", "Owner")
        return {
            "id": app.application_id,
            "name": app.bot_name,
            "icon": None,
            "description": "",
            "type": None,
            "summary": "",
            "verify_key": app.public_key,
            "bot_public": False,
            "bot_require_code_grant": False,
            "flags": flags,
            "flags_new": str(flags),
            "eligible_oauth2_scopes": [],
            "hook": True,
            "owner": self.user(owner),
            "team": None,
            "bot": self.user(self._bot),
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "approximate_guild_count": 1,
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "integration_types_config": {"0": {}},
        }
