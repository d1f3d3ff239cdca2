"""Threads and forum posts over REST: open, list, change, join."""

from dataclasses import replace

from frontdesk.sandbox.discord import overlay
from frontdesk.sandbox.discord.call import DONE, Answer, Call, created, ok
from frontdesk.sandbox.discord.errors import ApiError, InvalidForm
from frontdesk.sandbox.discord.rest_messages import drafted, may_send, not_archived, note_unknown
from frontdesk.sandbox.discord.snowflakes import stamp
from frontdesk.sandbox.discord.values import Channel, Json, Kind

DURATIONS = (60, 1440, 4320, 10080)
KINDS: dict[int, Kind] = {11: "public_thread", 12: "private_thread"}


def open_on_message(call: Call) -> Answer:
    """A thread on a message; it takes the message's id."""
    parent = call.channel()
    if parent.kind != "text":
        raise ApiError(50024)
    message = call.message(parent)
    call.need(parent, "CREATE_PUBLIC_THREADS")
    note_unknown(call, "thread on message")
    if message.id in call.guild.channels:
        raise ApiError(160004)
    if not message.written:
        raise ApiError(50021)
    _room(call)
    thread = call.guild.begin_thread(parent, _name(call), call.app.bot_user_id, on=message, **_options(call))
    return created(call.guild.wire.thread_for_bot(thread))


def open_in_channel(call: Call) -> Answer:
    """A thread of its own in a text channel, or a post in a forum."""
    parent = call.channel()
    if parent.kind == "forum":
        return _open_post(call, parent)
    if parent.kind != "text":
        raise ApiError(50024)
    note_unknown(call, "thread")
    kind = KINDS.get(call.body.get("type", 12))
    if kind is None:
        raise InvalidForm({"type": "Value must be one of (10, 11, 12)."})
    call.need(parent, "CREATE_PRIVATE_THREADS" if kind == "private_thread" else "CREATE_PUBLIC_THREADS")
    _room(call)
    options = _options(call) | {"kind": kind, "invitable": bool(call.body.get("invitable", True))}
    thread = call.guild.begin_thread(parent, _name(call), call.app.bot_user_id, **options)
    return created(call.guild.wire.thread_for_bot(thread))


def _open_post(call: Call, forum: Channel) -> Answer:
    call.need(forum, "SEND_MESSAGES")
    note_unknown(call, "post")
    said = call.body.get("message")
    if not isinstance(said, dict):
        raise InvalidForm({"message": "This field is required"})
    note_unknown(call, "message", said)
    overlay.check_message(said, call.files)
    applied = applied_tags(forum, call.body.get("applied_tags"))
    if forum.flags & 1 << 4 and not applied:
        raise ApiError(40067)
    _room(call)
    post = call.guild.begin_thread(forum, _name(call), call.app.bot_user_id, applied_tags=applied, **_options(call))
    message = call.guild.post(drafted(call, post, said, message_id=post.id))
    whole = call.guild.wire.thread_for_bot(call.guild.channels[post.id])
    return created(whole | {"message": call.guild.wire.message(message)})


def applied_tags(forum: Channel, given: object) -> tuple[str, ...]:
    """The tags of a post, which its forum must offer."""
    tags = [str(one) for one in given] if isinstance(given, list) else []
    overlay.check_applied(tags)
    offered = {tag.id for tag in forum.tags}
    if any(one not in offered for one in tags):
        raise ApiError(10087)
    return tuple(tags)


def _name(call: Call) -> str:
    overlay.check_name(call.body.get("name"))
    return str(call.body["name"])


def _options(call: Call) -> Json:
    duration = call.body.get("auto_archive_duration") or 4320
    if duration not in DURATIONS:
        raise InvalidForm({"auto_archive_duration": f"Value must be one of {DURATIONS}."})
    return {"auto_archive": duration, "slowmode": int(call.body.get("rate_limit_per_user") or 0)}


def _room(call: Call) -> None:
    if len(call.guild.active_threads()) >= call.guild.most_active_threads:
        raise ApiError(160006)


def change(call: Call, thread: Channel) -> Answer:
    """A thread's name, tags, archive and lock."""
    note_unknown(call, "thread change")
    body, guild = call.body, call.guild
    moderator = guild.bot_may(thread.id, "MANAGE_THREADS")
    own = thread.owner == call.app.bot_user_id
    if not moderator and not (own and not set(body) & {"locked", "rate_limit_per_user"}):
        _may_only_reopen(call, thread)
    if thread.archived and body.get("archived") is not False and set(body) != {"archived"}:
        raise ApiError(50083)
    if thread.locked and not moderator:
        raise ApiError(160005)
    new = replace(
        thread,
        archived=bool(body.get("archived", thread.archived)),
        locked=bool(body.get("locked", thread.locked)),
        name=_name(call) if "name" in body else thread.name,
        invitable=bool(body.get("invitable", thread.invitable)),
        slowmode=int(body.get("rate_limit_per_user", thread.slowmode) or 0),
        auto_archive=int(body.get("auto_archive_duration") or thread.auto_archive),
    )
    if "applied_tags" in body:
        new = replace(new, applied_tags=applied_tags(guild.channels[thread.parent or ""], body["applied_tags"]))
    if new.auto_archive not in DURATIONS:
        raise InvalidForm({"auto_archive_duration": f"Value must be one of {DURATIONS}."})
    if thread.archived and not new.archived:
        _room(call)
    changed = guild.change_thread(new, by=call.app.bot_user_id)
    return ok(guild.wire.thread_for_bot(changed))


def _may_only_reopen(call: Call, thread: Channel) -> None:
    """Without being its owner or a moderator one can only open an archived thread again."""
    if not (thread.archived and call.body == {"archived": False} and not thread.locked):
        raise ApiError(50013)
    call.need(thread, "SEND_MESSAGES_IN_THREADS")


# lists


def active(call: Call) -> Answer:
    call.need_guild()
    guild, bot = call.guild, call.app.bot_user_id
    found = [one for one in guild.active_threads() if guild.bot_may(one.id, "VIEW_CHANNEL")]
    found.sort(key=lambda one: int(one.id), reverse=True)
    joined = [guild.wire.thread_member(one, bot) for one in found if bot in one.members]
    return ok({"threads": [guild.wire.thread_for_bot(one) for one in found], "members": joined, "has_more": False})


def archived_public(call: Call) -> Answer:
    return _archived(call, call.channel("READ_MESSAGE_HISTORY"), "public_thread")


def archived_private(call: Call) -> Answer:
    return _archived(call, call.channel("READ_MESSAGE_HISTORY", "MANAGE_THREADS"), "private_thread")


def archived_private_joined(call: Call) -> Answer:
    return _archived(call, call.channel("READ_MESSAGE_HISTORY"), "private_thread", joined=True)


def _archived(call: Call, parent: Channel, kind: Kind, *, joined: bool = False) -> Answer:
    guild, bot = call.guild, call.app.bot_user_id
    found = [one for one in guild.threads(parent.id) if one.archived and one.kind == kind]
    found = [one for one in found if not joined or bot in one.members]
    found.sort(key=lambda one: one.archive_changed, reverse=True)
    if before := call.query.get("before"):
        found = [one for one in found if stamp(one.archive_changed) < before.replace("Z", "+00:00")]
    limit = call.limit(100, 50)
    shown = found[:limit]
    members = [guild.wire.thread_member(one, bot) for one in shown if bot in one.members]
    threads = [guild.wire.thread_for_bot(one) for one in shown]
    return ok({"threads": threads, "members": members, "has_more": len(found) > limit})


# members


def join(call: Call) -> Answer:
    thread = _thread(call)
    not_archived(thread)
    call.guild.join(thread, call.app.bot_user_id)
    return DONE


def quit_thread(call: Call) -> Answer:
    thread = _thread(call)
    not_archived(thread)
    call.guild.quit(thread, call.app.bot_user_id)
    return DONE


def add_member(call: Call) -> Answer:
    thread = _thread(call)
    may_send(call, thread, {})
    not_archived(thread)
    person = call.guild.people.get(call.path["user_id"])
    if person is None:
        raise ApiError(10013)
    if not person.in_guild:
        raise ApiError(10007)
    if len(thread.members) >= call.guild.most_thread_members:
        raise ApiError(30033)
    call.guild.join(thread, person.id, by=call.app.bot_user_id)
    return DONE


def remove_member(call: Call) -> Answer:
    thread = _thread(call)
    own = thread.owner == call.app.bot_user_id and thread.kind == "private_thread"
    if not own:
        call.need(thread, "MANAGE_THREADS")
    not_archived(thread)
    call.guild.quit(thread, call.path["user_id"])
    return DONE


def members(call: Call) -> Answer:
    thread = _thread(call)
    return ok([call.guild.wire.thread_member(thread, one) for one in thread.members])


def member(call: Call) -> Answer:
    thread = _thread(call)
    if call.path["user_id"] not in thread.members:
        raise ApiError(10007)
    return ok(call.guild.wire.thread_member(thread, call.path["user_id"]))


def _thread(call: Call) -> Channel:
    channel = call.channel()
    if not channel.thread:
        raise ApiError(50024)
    return channel


MEMBERS = "/channels/{channel_id}/thread-members"
ROUTES = {
    ("POST", "/channels/{channel_id}/messages/{message_id}/threads"): open_on_message,
    ("POST", "/channels/{channel_id}/threads"): open_in_channel,
    ("GET", "/guilds/{guild_id}/threads/active"): active,
    ("GET", "/channels/{channel_id}/threads/archived/public"): archived_public,
    ("GET", "/channels/{channel_id}/threads/archived/private"): archived_private,
    ("GET", "/channels/{channel_id}/users/@me/threads/archived/private"): archived_private_joined,
    ("PUT", MEMBERS + "/@me"): join,
    ("DELETE", MEMBERS + "/@me"): quit_thread,
    ("GET", MEMBERS): members,
    ("GET", MEMBERS + "/{user_id}"): member,
    ("PUT", MEMBERS + "/{user_id}"): add_member,
    ("DELETE", MEMBERS + "/{user_id}"): remove_member,
}
