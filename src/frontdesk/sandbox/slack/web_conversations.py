"""Looking around: channels, their members and messages, people, reactions, who the app is."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from frontdesk.sandbox.slack.call import ApiError, Call
from frontdesk.sandbox.slack.values import Channel, Json, Message, Person

T = TypeVar("T")


def auth_test(call: Call) -> Json:
    app = call.app
    return {
        "url": f"{app.base_url}/",
        "team": app.team_name,
        "team_id": app.team_id,
        "user": app.bot_name,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def api_test(call: Call) -> Json:
    if call.args.get("error"):
        raise ApiError(str(call.args["error"]))
    return {"args": {key: value for key, value in call.args.items() if key != "token"}}


def open_conversation(call: Call) -> Json:
    if call.args.get("channel"):
        return {"channel": {"id": call.channel().id}}
    users = [user for user in str(call.args.get("users") or "").split(",") if user]
    if not users:
        raise ApiError("users_list_not_supplied")
    call.need_scope("im:write" if len(users) == 1 else "mpim:write")
    if len(users) > 1:
        raise ApiError("too_many_users")
    if users[0] not in call.workspace.people:
        raise ApiError("user_not_found")
    channel = call.workspace.dm_with(users[0])
    whole = {"id": channel.id, "is_im": True, "user": users[0], "created": channel.created, "is_open": True}
    return {"channel": whole if call.args.get("return_im") else {"id": channel.id}}


def members(call: Call) -> Json:
    channel = call.channel(member=False)
    call.need_scope_for(channel, "read")
    page, cursor = _page(call, channel.members, 100)
    return {"members": list(page), "response_metadata": {"next_cursor": cursor}}


def info(call: Call) -> Json:
    channel = call.channel(member=False)
    call.need_scope_for(channel, "read")
    return {"channel": _channel_wire(call, channel)}


def list_conversations(call: Call) -> Json:
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im"}
    types = [kind.strip() for kind in str(call.args.get("types") or "public_channel").split(",")]
    if unknown := set(types) - {*kinds, "mpim"}:
        raise ApiError("invalid_types", f"[ERROR] {sorted(unknown)}")
    scopes = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
    for kind in types:
        call.need_scope(f"{scopes[kind]}:read")
    wanted = {kinds[kind] for kind in types if kind in kinds}
    found = [
        channel
        for channel in call.workspace.channels.values()
        if channel.kind in wanted
        and (channel.kind == "channel" or call.workspace.bot_is_in(channel.id))
        and not (call.args.get("exclude_archived") and channel.archived)
    ]
    page, cursor = _page(call, found, 100)
    return {
        "channels": [_channel_wire(call, channel) for channel in page],
        "response_metadata": {"next_cursor": cursor},
    }


def replies(call: Call) -> Json:
    channel = call.channel()
    call.need_scope_for(channel, "history")
    ts = call.args["ts"]
    root = call.workspace.message(channel.id, ts)
    thread = call.workspace.thread(channel.id, ts)
    if root is None or not thread:
        raise ApiError("thread_not_found")
    answer = _messages(call, [one for one in thread if _visible(call, one)], newest_first=False)
    if root.deleted:
        answer["messages"].insert(0, call.workspace.tombstone(root))
    return answer


def history(call: Call) -> Json:
    channel = call.channel()
    call.need_scope_for(channel, "history")
    found = [one for one in call.workspace.history(channel.id) if _visible(call, one)]
    return _messages(call, found, newest_first=True)


def _visible(call: Call, message: Message) -> bool:
    until = call.workspace.late_until.get((message.channel, message.ts), 0.0)
    return until <= call.workspace.clock.now()


def _messages(call: Call, found: list[Message], *, newest_first: bool) -> Json:
    oldest, latest = float(call.args.get("oldest") or 0), float(call.args.get("latest") or 1e12)
    inclusive = bool(call.args.get("inclusive"))
    kept = [
        one for one in found if oldest < float(one.ts) < latest or (inclusive and float(one.ts) in (oldest, latest))
    ]
    page, cursor = _page(call, kept[::-1] if newest_first else kept, 100)
    with_metadata = bool(call.args.get("include_all_metadata"))
    return {
        "messages": [_message_wire(call, one, with_metadata=with_metadata) for one in page],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


def _message_wire(call: Call, message: Message, *, with_metadata: bool) -> Json:
    whole = message.wire()
    thread = call.workspace.thread(message.channel, message.ts)
    if len(thread) > 1:
        later = [one for one in thread if one.ts != message.ts]
        whole |= {
            "thread_ts": message.ts,
            "reply_count": len(later),
            "latest_reply": later[-1].ts,
            "reply_users": list(dict.fromkeys(one.user or one.bot_id for one in later)),
        }
    if with_metadata and message.metadata:
        whole["metadata"] = message.metadata
    return whole


def _page(call: Call, found: Sequence[T], usual: int) -> tuple[Sequence[T], str]:
    limit = int(call.args.get("limit") or usual)
    if not 1 <= limit <= 1000:
        raise ApiError("invalid_limit")
    try:
        start = int(call.args.get("cursor") or 0)
    except ValueError:
        raise ApiError("invalid_cursor") from None
    end = start + limit
    return found[start:end], str(end) if end < len(found) else ""


def _channel_wire(call: Call, channel: Channel) -> Json:
    whole: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_im": channel.dm,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_mpim": False,
        "is_private": channel.private or channel.dm,
        "is_archived": channel.archived,
        "is_member": call.workspace.bot_is_in(channel.id),
        "is_ext_shared": channel.ext_shared,
        "is_shared": channel.ext_shared,
        "context_team_id": call.app.team_id,
        "shared_team_ids": [call.app.team_id],
    }
    if channel.dm:
        whole["user"] = next(user for user in channel.members if user != call.app.bot_user_id)
    else:
        whole |= {"name": channel.name, "name_normalized": channel.name}
    if call.args.get("include_num_members"):
        whole["num_members"] = len(channel.members)
    return whole


def join(call: Call) -> Json:
    channel = call.channel(member=False)
    if channel.kind != "channel":
        raise ApiError("method_not_supported_for_channel_type")
    call.workspace.let_in(call.app.bot_user_id, channel.id)
    return {"channel": _channel_wire(call, call.channel())}


def user_info(call: Call) -> Json:
    person = call.workspace.people.get(call.args["user"])
    if person is None:
        raise ApiError("user_not_found")
    return {"user": _person_wire(call, person)}


def list_users(call: Call) -> Json:
    page, cursor = _page(call, list(call.workspace.people.values()), 200)
    members_ = [_person_wire(call, person) for person in page]
    return {"members": members_, "cache_ts": 0, "response_metadata": {"next_cursor": cursor}}


def _person_wire(call: Call, person: Person) -> Json:
    profile = {
        "real_name": person.real_name,
        "display_name": person.name,
        "image_72": person.image,
        "image_192": person.image,
        "team": person.is_stranger or call.app.team_id,
    }
    known = {
        "id": person.id,
        "team_id": person.is_stranger or call.app.team_id,
        "name": person.name,
        "deleted": False,
    }
    if person.is_stranger:
        return {
            **known,
            "is_stranger": True,
            "real_name": person.real_name,
            "profile": profile,
            "is_bot": False,
        }
    return {
        **known,
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": person.tz,
        "is_bot": person.is_bot,
        "is_admin": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_app_user": False,
        "profile": profile,
        **({"locale": "en-US"} if call.args.get("include_locale") else {}),
    }


def bot_info(call: Call) -> Json:
    app = call.app
    if call.args.get("bot") not in (None, app.bot_id):
        raise ApiError("bot_not_found")
    return {"bot": {"id": app.bot_id, "app_id": app.app_id, "user_id": app.bot_user_id, "name": app.bot_name}}


def add_reaction(call: Call) -> Json:
    message, name = _reacted(call)
    if call.app.bot_user_id in message.reactions.get(name, ()):
        raise ApiError("already_reacted")
    call.workspace.change_reaction(call.app.bot_user_id, message, name, remove=False)
    return {}


def remove_reaction(call: Call) -> Json:
    message, name = _reacted(call)
    if call.app.bot_user_id not in message.reactions.get(name, ()):
        raise ApiError("no_reaction")
    call.workspace.change_reaction(call.app.bot_user_id, message, name, remove=True)
    return {}


def _reacted(call: Call) -> tuple[Message, str]:
    if not (call.args.get("channel") and call.args.get("timestamp")):
        raise ApiError("no_item_specified")
    name = str(call.args["name"])
    if not name or ":" in name or name != name.lower():
        raise ApiError("invalid_name")
    return call.message(call.channel(), call.args["timestamp"]), name


METHODS: Mapping[str, Callable[[Call], Json]] = {
    "api.test": api_test,
    "auth.test": auth_test,
    "conversations.open": open_conversation,
    "conversations.members": members,
    "conversations.info": info,
    "conversations.list": list_conversations,
    "conversations.replies": replies,
    "conversations.history": history,
    "conversations.join": join,
    "users.info": user_info,
    "users.list": list_users,
    "bots.info": bot_info,
    "reactions.add": add_reaction,
    "reactions.remove": remove_reaction,
}
