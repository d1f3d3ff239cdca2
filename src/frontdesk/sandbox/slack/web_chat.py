"""Posting, changing and deleting messages: the chat.* methods without streams."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from frontdesk.sandbox.slack.blocks import MOST_MARKDOWN, MOST_TEXT, checked, checked_metadata
from frontdesk.sandbox.slack.call import ApiError, Call
from frontdesk.sandbox.slack.values import Channel, Json, Message


def post_message(call: Call) -> Json:
    channel = call.channel()
    prevents = call.app.client_msg_id_prevents_doubles and call.args.get("client_msg_id")
    if prevents and (known := _posted_before(call, channel)):
        return _posted(known) | {"is_duplicate": True}
    message = call.customised(_composed(call, channel))
    check_thread(call, channel, message.thread_ts)
    if call.args.get("reply_broadcast") and message.thread_ts:
        message = replace(message, subtype="thread_broadcast")
    call.workspace.put(message)
    call.workspace.announce(message)
    answer = _posted(message)
    if len(call.args.get("text") or "") > MOST_TEXT:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


def _posted(message: Message) -> Json:
    return {"channel": message.channel, "ts": message.ts, "message": message.wire()}


def _posted_before(call: Call, channel: Channel) -> Message | None:
    wanted = call.args["client_msg_id"]
    return next((one for one in call.workspace.everything(channel.id) if one.client_msg_id == wanted), None)


def post_ephemeral(call: Call) -> Json:
    channel = call.channel()
    user = call.args["user"]
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    message = replace(call.customised(_composed(call, channel)), seen_by=user, metadata=None)
    call.workspace.put_ephemeral(message)
    return {"message_ts": message.ts}


def update(call: Call) -> Json:
    channel = call.channel()
    old = own_message(call, channel, call.args["ts"], not_own="cant_update_message")
    if old.streaming == "streaming":
        raise ApiError("streaming_state_conflict")
    content = _content(call, keep_blocks=old)
    kept: Json = {"metadata": checked_metadata(call.args["metadata"])} if "metadata" in call.args else {}
    new = replace(old, **content, **kept, edited=call.workspace.next_ts())
    call.workspace.put(new)
    call.workspace.announce_change(old, new)
    return {"channel": new.channel, "ts": new.ts, "text": new.text, "message": new.wire()}


def delete(call: Call) -> Json:
    channel = call.channel()
    old = own_message(call, channel, call.args["ts"], not_own="cant_delete_message")
    call.workspace.streams.pop((channel.id, old.ts), None)
    call.workspace.announce_deletion(old)
    call.workspace.put(replace(old, deleted=True))
    return {"channel": channel.id, "ts": old.ts}


def get_permalink(call: Call) -> Json:
    channel = call.channel(member=False)
    message = call.message(channel, call.args["message_ts"])
    link = f"{call.app.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def own_message(call: Call, channel: Channel, ts: str, *, not_own: str) -> Message:
    message = call.message(channel, ts)
    if message.bot_id != call.app.bot_id:
        raise ApiError(not_own)
    return message


def check_thread(call: Call, channel: Channel, thread_ts: str | None) -> None:
    """Slack takes replies to anything; an app that replies to nothing or to a reply has a mistake."""
    if thread_ts is None:
        return
    root = call.workspace.message(channel.id, thread_ts)
    if root is None:
        call.note(f"{call.method}: thread_ts {thread_ts} is no message of {channel.id}")
    elif root.root != root.ts:
        call.note(f"{call.method}: thread_ts {thread_ts} is a reply, not a root")


def own_draft(call: Call, channel: Channel) -> Message:
    """An empty message of the app in this channel."""
    app = call.app
    return Message(
        ts=call.workspace.next_ts(),
        channel=channel.id,
        thread_ts=call.args.get("thread_ts") or None,
        user=app.bot_user_id,
        bot_id=app.bot_id,
        app_id=app.app_id,
        team=app.team_id,
        client_msg_id=call.args.get("client_msg_id"),
    )


def _composed(call: Call, channel: Channel) -> Message:
    return replace(own_draft(call, channel), **_content(call), metadata=checked_metadata(call.args.get("metadata")))


def _content(call: Call, keep_blocks: Message | None = None) -> dict[str, Any]:
    """Text, markdown and blocks of a call, checked against each other and against the limits."""
    args = call.args
    text, markdown = args.get("text") or "", args.get("markdown_text") or ""
    if markdown and (text or args.get("blocks")):
        raise ApiError("markdown_text_conflict")
    if len(markdown) > MOST_MARKDOWN:
        call.note(f"{call.method}: markdown_text of {len(markdown)} characters")
        raise ApiError("msg_too_long")
    blocks = checked(args.get("blocks"))
    attachments = args.get("attachments") or []
    if len(attachments) > 100:
        raise ApiError("too_many_attachments")
    if not (text or markdown or blocks or attachments or (keep_blocks and keep_blocks.files)):
        raise ApiError("no_text")
    if len(text) > MOST_TEXT and keep_blocks is not None:
        raise ApiError("msg_too_long")
    if blocks and not text:
        call.note(f"{call.method}: blocks without text leave notifications and screen readers empty")
    if keep_blocks is not None and "blocks" not in args and not markdown and "attachments" not in args:
        # Text alone replaces everything: this is how buttons are taken away.
        blocks = ()
    return {
        "text": text[:MOST_TEXT],
        "markdown_text": markdown,
        "blocks": blocks,
        "tasks": (),
        "plan": None,
        "attachments": tuple(attachments),
        "words_ping": bool(args.get("link_names")) or args.get("parse") == "full",
    }


METHODS: Mapping[str, Callable[[Call], Json]] = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": get_permalink,
}
