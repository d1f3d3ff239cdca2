"""What the page shows of the local Discord, and the acts of its people."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.guild import Guild
from frontdesk.sandbox.discord.interactions import Ack
from frontdesk.sandbox.discord.values import Channel, Message, Modal, Person

Json = dict[str, Any]
THUMBS_UP = "👍"


class DiscordSide:
    """Texts of acts are in Discord's own form."""

    def __init__(self, discord: DiscordServer) -> None:
        self._discord = discord

    @property
    def _guild(self) -> Guild:
        return self._discord.guild

    def state(self) -> Json:
        guild, app = self._guild, self._discord.app
        return {
            "server": {"id": guild.id, "name": guild.name},
            "bot": {"user_id": app.bot_user_id, "name": app.bot_name},
            "people": [_person(person) for person in guild.people.values()],
            "roles": [{"id": role.id, "name": role.name} for role in guild.roles.values()],
            "channels": [self._channel(channel) for channel in guild.channels.values()],
            "messages": {place: [self._message(one) for one in guild.standing(place)] for place in guild.channels},
            "ephemerals": [self._message(one) for one in guild.ephemerals],
            "modals": [_modal(modal) for modals in guild.modals.values() for modal in modals],
            "typing": [place for place in guild.channels if guild.is_typing(place)],
            "commands": [command for commands in guild.commands.values() for command in commands],
        }

    async def changes(self) -> AsyncIterator[Json]:
        async for change in self._guild.changes():
            yield {"kind": change["kind"], **self._shown(change)}

    def _shown(self, change: Json) -> Json:
        value = change.get("value")
        if isinstance(value, Message):
            return self._message(value)
        if isinstance(value, Channel):
            return self._channel(value)
        if isinstance(value, Person):
            return _person(value)
        if isinstance(value, Modal):
            return _modal(value)
        return {key: each for key, each in change.items() if key != "value"}

    def file(self, file_id: str) -> tuple[bytes, str] | None:
        """An attachment's content and kind."""
        found = self._guild.attachments.get(file_id)
        return None if found is None else (found.content, found.mimetype)

    def _channel(self, channel: Channel) -> Json:
        guild = self._guild
        known = channel.id in guild.channels
        people = [one for one in guild.people.values() if not one.is_bot]
        return {
            "id": channel.id,
            "type": channel.kind,
            "name": channel.name,
            "parent": channel.parent,
            "private": channel.private,
            "archived": channel.archived,
            "locked": channel.locked,
            "owner": channel.owner,
            "tags": [{"id": tag.id, "name": tag.name} for tag in channel.tags],
            "applied_tags": guild.tag_names(channel.id) if known and channel.thread else [],
            "seen_by": [one.id for one in people if known and guild.may(one.id, channel.id, "VIEW_CHANNEL")],
        }

    def _message(self, message: Message) -> Json:
        author = self._guild.people.get(message.author)
        return {
            "id": message.id,
            "channel": message.channel,
            "author": message.author,
            "name": message.name,
            "app": bool(message.webhook) or (author is not None and author.is_bot),
            "webhook": bool(message.webhook and message.webhook != message.application),
            "type": message.type,
            "written": message.written,
            "content": message.content,
            "embeds": list(message.embeds),
            "components": list(message.components),
            "attachments": [
                {"id": one.id, "name": one.name, "mimetype": one.mimetype, "size": len(one.content)}
                for one in message.attachments
            ],
            "reply_to": message.reply_to,
            "pings": list(message.pings),
            "hides_embeds": bool(message.flags & 4),
            "loading": message.loading,
            "edited": message.edited,
            "deleted": message.deleted,
            "reactions": {emoji: list(users) for emoji, users in message.reactions.items()},
            "for": message.ephemeral_for,
            "at": message.at,
        }

    # acts

    def acts(self) -> Mapping[str, Callable[[Json], Awaitable[Json]]]:
        return {
            "say": self._say,
            "post": self._post,
            "thread": self._thread,
            "edit": self._edit,
            "delete": self._delete,
            "react": self._react,
            "press": self._press,
            "slash": self._slash,
            "choices": self._choices,
            "menu": self._menu,
            "submit": self._submit,
            "dismiss": self._dismiss,
        }

    async def _say(self, args: Json) -> Json:
        guild, user, channel = self._guild, args["user"], args["channel"]
        if channel == "dm":
            channel = guild.dm_with(user).id
        said = await guild.say(
            user, channel, args.get("text", ""), files=args.get("files", ()), reply_to=args.get("reply_to") or None
        )
        return {"ok": True, "id": said.id, "channel": said.channel}

    async def _post(self, args: Json) -> Json:
        """Open a post in a forum."""
        post = await self._guild.create_post(
            args["user"], args["channel"], args["title"], args.get("text", ""), files=args.get("files", ())
        )
        return {"ok": True, "id": post.id}

    async def _thread(self, args: Json) -> Json:
        """Open a thread on a message."""
        thread = await self._guild.open_thread(args["user"], args["channel"], args["name"], on=args["id"])
        return {"ok": True, "id": thread.id}

    async def _edit(self, args: Json) -> Json:
        await self._guild.edit(args["user"], args["channel"], args["id"], args["text"])
        return {"ok": True}

    async def _delete(self, args: Json) -> Json:
        await self._guild.delete(args["user"], args["channel"], args["id"])
        return {"ok": True}

    async def _react(self, args: Json) -> Json:
        guild, user, channel, message_id = self._guild, args["user"], args["channel"], args["id"]
        emoji = args.get("emoji", THUMBS_UP)
        message = guild.message(channel, message_id)
        given = message is not None and user in message.reactions.get(emoji, ())
        await (guild.remove_reaction if given else guild.add_reaction)(user, channel, message_id, emoji)
        return {"ok": True}

    async def _press(self, args: Json) -> Json:
        return _acked(
            await self._guild.press(
                args["user"], args["channel"], args["id"], args["custom_id"], values=args.get("values", ())
            )
        )

    async def _slash(self, args: Json) -> Json:
        return _acked(
            await self._guild.slash(
                args["user"], self._place(args), args["command"], args.get("sub") or None, args.get("options") or {}
            )
        )

    async def _choices(self, args: Json) -> Json:
        """What the app offers while somebody types the value of an option."""
        ack = await self._guild.autocomplete(
            args["user"],
            self._place(args),
            args["command"],
            args.get("sub") or None,
            args["option"],
            args.get("typed", ""),
            args.get("others") or {},
        )
        return {"ok": True, "choices": ack.data.get("choices", [])}

    async def _menu(self, args: Json) -> Json:
        return _acked(await self._guild.menu(args["user"], args["channel"], args["id"], args["name"]))

    async def _submit(self, args: Json) -> Json:
        return _acked(await self._guild.submit(args["user"], args["id"], args.get("values") or {}))

    async def _dismiss(self, args: Json) -> Json:
        self._guild.dismiss(args["user"], args["id"])
        return {"ok": True}

    def _place(self, args: Json) -> str:
        channel: str = args["channel"]
        return self._guild.dm_with(args["user"]).id if channel == "dm" else channel


def _person(person: Person) -> Json:
    return {
        "id": person.id,
        "name": person.name,
        "real_name": person.shown_name,
        "is_bot": person.is_bot,
        "is_staff": bool(person.roles) and not person.is_bot,
        "in_guild": person.in_guild,
    }


def _modal(modal: Modal) -> Json:
    return {"id": modal.id, "user": modal.user, "title": modal.title, "components": list(modal.components)}


def _acked(ack: Ack) -> Json:
    if ack.arrived:
        return {"ok": True}
    return {"ok": False, "error": "the app did not answer in time"}
