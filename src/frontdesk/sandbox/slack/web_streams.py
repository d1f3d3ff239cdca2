"""Streamed messages: start, append, stop, and all the ways in which a stream ends early."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from frontdesk.sandbox.slack.blocks import MOST_MARKDOWN, checked, checked_metadata, text_size
from frontdesk.sandbox.slack.call import ApiError, Call
from frontdesk.sandbox.slack.values import Channel, Json, Message
from frontdesk.sandbox.slack.web_chat import check_thread, own_draft, own_message
from frontdesk.sandbox.slack.web_sessions import STATUSES, change_status

MOST_STREAMED = 40_000
TASK_STATES = ("pending", "in_progress", "complete", "error")


def start(call: Call) -> Json:
    channel = call.channel()
    if not channel.dm:
        if not call.app.streams_in_channels:
            raise ApiError("channel_type_not_supported")
        for name in ("recipient_team_id", "recipient_user_id"):
            if not call.args.get(name):
                raise ApiError(f"missing_{name}")
        if call.args["recipient_user_id"] not in channel.members:
            raise ApiError("user_not_found")
    if call.args.get("task_display_mode") not in (None, "timeline", "plan"):
        raise ApiError("invalid_arguments", "[ERROR] task_display_mode is timeline or plan")
    if not call.args.get("thread_ts"):
        call.note("chat.startStream: a stream should always reply to a message (thread_ts)")
    check_thread(call, channel, call.args.get("thread_ts"))
    message = replace(call.customised(own_draft(call, channel)), streaming="streaming")
    message = _grown(call, message)
    workspace = call.workspace
    workspace.streams[channel.id, message.ts] = workspace.clock.now()
    workspace.put(message)
    workspace.announce(message)
    return {"channel": channel.id, "ts": message.ts}


def append(call: Call) -> Json:
    channel = call.channel()
    message = _streaming(call, channel)
    if not (call.args.get("markdown_text") or call.args.get("chunks")):
        raise ApiError("no_text")
    call.workspace.put(_grown(call, message))
    if call.app.stream_limit_counts_idle_time:
        call.workspace.streams[channel.id, message.ts] = call.workspace.clock.now()
    return {"channel": channel.id, "ts": message.ts}


def stop(call: Call) -> Json:
    channel = call.channel()
    old = _streaming(call, channel)
    status = call.args.get("session_status")
    if status is not None and status not in STATUSES:
        raise ApiError("invalid_status")
    message = _grown(call, old)
    blocks = checked(call.args.get("blocks"), stream=True)
    metadata = checked_metadata(call.args.get("metadata"))
    message = replace(
        message,
        blocks=(*message.blocks, *blocks),
        metadata=metadata or message.metadata,
        streaming="stopped",
    )
    if not (message.markdown_text or message.blocks or message.tasks):
        raise ApiError("no_text")
    workspace = call.workspace
    del workspace.streams[channel.id, message.ts]
    workspace.put(message)
    workspace.announce_change(old, message)
    if status is not None:
        change_status(call, channel, message.root, status)
    return {"channel": channel.id, "ts": message.ts, "message": message.wire()}


def _streaming(call: Call, channel: Channel) -> Message:
    call.workspace.age()
    message = own_message(call, channel, call.args["ts"], not_own="message_not_owned_by_app")
    if message.streaming == "stopped_by_user" and call.method == "chat.appendStream":
        raise ApiError("stopped_by_user")
    if message.streaming != "streaming":
        raise ApiError("message_not_in_streaming_state")
    return message


def _grown(call: Call, message: Message) -> Message:
    """The message with what this call adds."""
    markdown = call.args.get("markdown_text") or ""
    chunks = call.args.get("chunks") or []
    if markdown and chunks:
        call.note(f"{call.method}: markdown_text and chunks together")
    if len(markdown) > MOST_MARKDOWN:
        call.note(f"{call.method}: markdown_text of {len(markdown)} characters")
        raise ApiError("msg_too_long")
    message = replace(message, markdown_text=message.markdown_text + markdown)
    for number, chunk in enumerate(chunks):
        message = _with_chunk(call, message, chunk, number)
    if len(message.markdown_text) > MOST_STREAMED or text_size(message.blocks) > MOST_STREAMED:
        raise ApiError("msg_blocks_too_long")
    return message


def _with_chunk(call: Call, message: Message, chunk: Any, number: int) -> Message:
    where = f"[json-pointer:/chunks/{number}]"
    match chunk:
        case {"type": "markdown_text", "text": str(text)}:
            if len(text) > MOST_MARKDOWN:
                call.note(f"{call.method}: a chunk of {len(text)} characters")
                raise ApiError("msg_too_long")
            return replace(message, markdown_text=message.markdown_text + text)
        case {"type": "task_update", "id": str(id), "title": str(), "status": str(status)} if status in TASK_STATES:
            others = tuple(task for task in message.tasks if task["id"] != id)
            known = next((task for task in message.tasks if task["id"] == id), {})
            return replace(message, tasks=(*others, {**known, **chunk}))
        case {"type": "plan_update", "title": str(title)}:
            return replace(message, plan=title)
        case {"type": "blocks", "blocks": list(blocks)}:
            return replace(message, blocks=(*message.blocks, *checked(blocks, stream=True)))
        case _:
            raise ApiError("invalid_chunks", f"[ERROR] not a chunk {where}")


METHODS: Mapping[str, Callable[[Call], Json]] = {
    "chat.startStream": start,
    "chat.appendStream": append,
    "chat.stopStream": stop,
}
