"""Messages over REST: read, send, edit, delete, react, pin, type."""

from dataclasses import replace

from frontdesk.sandbox.discord import overlay
from frontdesk.sandbox.discord.call import DONE, Answer, Call, ok
from frontdesk.sandbox.discord.errors import ApiError, InvalidForm
from frontdesk.sandbox.discord.payloads import changed, filled
from frontdesk.sandbox.discord.values import COMPONENTS_V2, PIN, REPLY, Channel, Json, Message

NONCE_SECONDS = 300.0
OLD_SECONDS = 3600.0
TEXT_KINDS = ("text", "dm", "public_thread", "private_thread")
WEEKS_TWO = 14 * 86_400.0


def history(call: Call) -> Answer:
    """Messages, newest first, around one end or from the newest on."""
    channel = call.channel()
    if not call.guild.bot_may(channel.id, "READ_MESSAGE_HISTORY"):
        return ok([])
    found = call.guild.standing(channel.id)
    limit = call.limit(100, 50)
    if after := call.query.get("after"):
        found = [one for one in found if int(one.id) > int(after)][:limit]
    elif before := call.query.get("before"):
        found = [one for one in found if int(one.id) < int(before)][-limit:]
    elif around := call.query.get("around"):
        older = [one for one in found if int(one.id) <= int(around)]
        newer = [one for one in found if int(one.id) > int(around)]
        found = older[-(limit // 2 + 1) :] + newer[: limit // 2]
    else:
        found = found[-limit:]
    return ok([call.guild.wire.seen_by_app(one) for one in reversed(found)])


def read(call: Call) -> Answer:
    return ok(call.guild.wire.seen_by_app(call.message(call.channel("READ_MESSAGE_HISTORY"))))


def send(call: Call) -> Answer:
    channel = call.channel()
    may_send(call, channel)
    note_unknown(call, "message")
    overlay.check_message(call.body, call.files)
    if (earlier := _same_nonce(call)) is not None:
        return ok(call.guild.wire.message(earlier))
    message = call.guild.post(drafted(call, channel, call.body))
    if message.nonce is not None:
        call.guild.nonces[str(message.nonce)] = (call.guild.clock.now(), channel.id, message.id)
    return ok(call.guild.wire.message(message))


def may_send(call: Call, channel: Channel, body: Json | None = None) -> None:
    """Everything that keeps the app from writing here."""
    guild, body = call.guild, call.body if body is None else body
    if channel.dm:
        _may_send_directly(call, channel)
        return
    if channel.kind not in TEXT_KINDS:
        raise ApiError(50008)
    call.need(channel, "SEND_MESSAGES_IN_THREADS" if channel.thread else "SEND_MESSAGES")
    if (shut := guild.shut(channel)) is not None:
        raise shut
    if channel.id in guild.without_starter:
        raise ApiError(40058)
    if call.files:
        call.need(channel, "ATTACH_FILES")
    if body.get("embeds"):
        call.need(channel, "EMBED_LINKS")
    if body.get("message_reference") and not guild.bot_may(channel.id, "READ_MESSAGE_HISTORY"):
        raise ApiError(160002)


def _may_send_directly(call: Call, channel: Channel) -> None:
    """A person may refuse; and who shares no server with the app cannot be reached."""
    for one in channel.members:
        person = call.guild.people[one]
        if not person.is_bot and (person.dms_blocked or not person.in_guild):
            raise ApiError(50007)


def note_unknown(call: Call, kind: str, body: Json | None = None) -> None:
    if strange := overlay.unknown(kind, call.body if body is None else body):
        call.note(f"unknown properties: {', '.join(strange)}")


def _same_nonce(call: Call) -> Message | None:
    """The message that this nonce made a short while ago."""
    known = call.guild.nonces.get(str(call.body.get("nonce")))
    if known is None or not call.body.get("enforce_nonce"):
        return None
    at, channel, message = known
    return call.guild.message(channel, message) if call.guild.clock.now() - at < NONCE_SECONDS else None


def drafted(call: Call, channel: Channel, body: Json, *, message_id: str | None = None) -> Message:
    """The app's own message as the body describes it."""
    guild = call.guild
    bot = guild.people[guild.app.bot_user_id]
    blank = Message(message_id or guild.snowflakes.next(), channel.id, bot.id, bot.name, nonce=body.get("nonce"))
    if reference := body.get("message_reference"):
        blank = _replying(call, channel, blank, reference)
    return filled(guild, blank, body, call.files)


def _replying(call: Call, channel: Channel, blank: Message, reference: Json) -> Message:
    original = call.guild.message(channel.id, str(reference.get("message_id")))
    if original is None or original.deleted:
        if reference.get("fail_if_not_exists", True):
            raise InvalidForm({"message_reference": "Unknown message"}, mistake=False)
        return blank
    whole = {"type": 0, "channel_id": channel.id, "message_id": original.id}
    return replace(blank, type=REPLY, reference=whole | ({} if channel.dm else {"guild_id": call.guild.id}))


def edit(call: Call) -> Answer:
    channel = call.channel()
    message = call.message(channel)
    if message.author != call.app.bot_user_id or (message.webhook and not message.interaction):
        raise ApiError(50005)
    return ok(call.guild.wire.message(edited(call, channel, message)))


def edited(call: Call, channel: Channel, message: Message, *, kind: str = "edit") -> Message:
    """The message after the edit that the body asks for."""
    note_unknown(call, kind)
    not_archived(channel)
    _not_too_old(call, message)
    v2 = bool(message.flags & COMPONENTS_V2)
    if v2 and "flags" in call.body and not int(call.body["flags"] or 0) & COMPONENTS_V2:
        raise InvalidForm({"flags": "The IS_COMPONENTS_V2 flag cannot be removed"})
    overlay.check_message(call.body, call.files, v2=v2, partial=True)
    new = changed(call.guild, message, call.body, call.files)
    if not (new.content or new.embeds or new.components or new.attachments or new.poll):
        raise ApiError(50006)
    return call.guild.change(new)


def not_archived(channel: Channel) -> None:
    if channel.archived:
        raise ApiError(50083)


def _not_too_old(call: Call, message: Message) -> None:
    """Old messages may be edited only so often; nobody tells how often."""
    now = call.guild.clock.now()
    if now - message.at < OLD_SECONDS:
        return
    recent = [at for at in call.guild.edits_of_old[message.channel] if at > now - OLD_SECONDS]
    if len(recent) >= call.guild.most_edits_of_old:
        raise ApiError(30046, retry_after=round(recent[0] + OLD_SECONDS - now, 3), **{"global": False})
    call.guild.edits_of_old[message.channel] = [*recent, now]


def delete(call: Call) -> Answer:
    channel = call.channel()
    message = call.message(channel)
    if message.author != call.app.bot_user_id:
        if channel.dm:
            raise ApiError(50003)
        call.need(channel, "MANAGE_MESSAGES")
    not_archived(channel)
    call.guild.remove(message)
    return DONE


def delete_many(call: Call) -> Answer:
    channel = call.channel("MANAGE_MESSAGES")
    ids = [str(one) for one in call.body.get("messages") or ()]
    if not 2 <= len(set(ids)) <= 100:
        raise InvalidForm({"messages": "Must be between 2 and 100 in length."})
    found = [call.guild.message(channel.id, one) for one in ids]
    standing = [one for one in found if one is not None and not one.deleted]
    if any(call.guild.clock.now() - one.at > WEEKS_TWO for one in standing):
        raise ApiError(50034)
    if standing:
        call.guild.remove_many(standing)
    return DONE


def react(call: Call) -> Answer:
    channel = call.channel("READ_MESSAGE_HISTORY")
    message = call.message(channel)
    not_archived(channel)
    if call.path["emoji_name"] not in message.reactions:
        call.need(channel, "ADD_REACTIONS")
    call.guild.react(message, call.app.bot_user_id, call.path["emoji_name"], on=True)
    return DONE


def take_reaction_back(call: Call) -> Answer:
    channel = call.channel("READ_MESSAGE_HISTORY")
    message = call.message(channel)
    not_archived(channel)
    call.guild.react(message, call.app.bot_user_id, call.path["emoji_name"], on=False)
    return DONE


def pin(call: Call) -> Answer:
    channel = call.channel()
    message = call.message(channel)
    if not channel.dm and not call.guild.bot_may(channel.id, "PIN_MESSAGES"):
        call.need(channel, "MANAGE_MESSAGES")
    not_archived(channel)
    if not message.pinned:
        call.guild.change(replace(message, pinned=True))
        reference: Json = {"type": 0, "channel_id": channel.id, "message_id": message.id}
        call.guild.notice(channel.id, call.app.bot_user_id, PIN, reference=reference)
    return DONE


def unpin(call: Call) -> Answer:
    channel = call.channel()
    message = call.message(channel)
    call.guild.change(replace(message, pinned=False))
    return DONE


def start_typing(call: Call) -> Answer:
    channel = call.channel()
    if channel.dm:
        _may_send_directly(call, channel)
    else:
        call.need(channel, "SEND_MESSAGES_IN_THREADS" if channel.thread else "SEND_MESSAGES")
    call.guild.types(call.app.bot_user_id, channel.id)
    return DONE


ONE = "/channels/{channel_id}/messages/{message_id}"
ROUTES = {
    ("GET", "/channels/{channel_id}/messages"): history,
    ("POST", "/channels/{channel_id}/messages"): send,
    ("POST", "/channels/{channel_id}/messages/bulk-delete"): delete_many,
    ("PUT", "/channels/{channel_id}/messages/pins/{message_id}"): pin,
    ("DELETE", "/channels/{channel_id}/messages/pins/{message_id}"): unpin,
    ("PUT", "/channels/{channel_id}/pins/{message_id}"): pin,
    ("DELETE", "/channels/{channel_id}/pins/{message_id}"): unpin,
    ("GET", ONE): read,
    ("PATCH", ONE): edit,
    ("DELETE", ONE): delete,
    ("PUT", ONE + "/reactions/{emoji_name}/@me"): react,
    ("DELETE", ONE + "/reactions/{emoji_name}/@me"): take_reaction_back,
    ("POST", "/channels/{channel_id}/typing"): start_typing,
}
