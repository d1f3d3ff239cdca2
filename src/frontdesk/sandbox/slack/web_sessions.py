"""What shows that work goes on in a thread: sessions, the status line, suggested prompts."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from frontdesk.sandbox.slack.call import ApiError, Call
from frontdesk.sandbox.slack.values import Channel, Json, Session

STATUSES = ("active", "processing", "suspended", "closed")


def set_session_status(call: Call) -> Json:
    _need_agent_features(call, "feature_disabled")
    channel = call.channel("channel_id")
    thread_ts = call.args.get("thread_ts")
    if not thread_ts:
        raise ApiError("thread_ts_required")
    if call.args["status"] not in STATUSES:
        raise ApiError("invalid_status")
    if any(call.args.get(name) for name in ("username", "icon_emoji", "icon_url")):
        call.need_scope("chat:write.customize")
    initiator = call.args.get("initiator_user_id")
    if initiator and initiator not in channel.members:
        raise ApiError("user_not_found")
    if len(call.args.get("title") or "") > 200:
        raise ApiError("invalid_arguments", "[ERROR] title longer than 200")
    call.message(channel, thread_ts, error="not_authorized")
    session = change_status(call, channel, thread_ts, call.args["status"])
    answer: Json = {"status": session.status, "agent_status": session.status, "title": session.title}
    if "agent_session_stopped" not in call.app.events:
        warning = "missing_agent_session_stopped_event_subscription"
        answer |= {"warning": warning, "response_metadata": {"warnings": [warning]}}
    return answer


def change_status(call: Call, channel: Channel, thread_ts: str, status: str) -> Session:
    """The session of the thread in its new state, made at need."""
    known = call.workspace.sessions.get((channel.id, thread_ts))
    if known:
        return call.workspace.put_session(replace(known, status=status))
    title, initiator = call.args.get("title"), call.args.get("initiator_user_id")
    return call.workspace.put_session(Session(channel.id, thread_ts, status, title, initiator))


def rename_session(call: Call) -> Json:
    _need_agent_features(call, "feature_disabled")
    channel = call.channel("channel_id")
    thread_ts = call.args.get("thread_ts")
    if not thread_ts:
        raise ApiError("thread_ts_required")
    session = call.workspace.sessions.get((channel.id, thread_ts))
    if session is None:
        raise ApiError("session_not_found")
    title = call.args["title"]
    if not 1 <= len(title) <= 200:
        raise ApiError("invalid_name")
    call.workspace.put_session(replace(session, title=title))
    return {"title": title}


def set_thread_status(call: Call) -> Json:
    channel = call.channel("channel_id")
    call.message(channel, call.args["thread_ts"], error="invalid_thread_ts")
    loading = call.args.get("loading_messages")
    if loading is not None and not (1 <= len(loading) <= 10 and all(1 <= len(line) <= 50 for line in loading)):
        raise ApiError("invalid_arguments", "[ERROR] loading_messages: 1 to 10 of 1 to 50 characters")
    if any(call.args.get(name) for name in ("username", "icon_emoji", "icon_url")):
        call.need_scope("chat:write.customize")
    call.workspace.age()
    call.workspace.set_status(channel.id, call.args["thread_ts"], call.args["status"])
    return {}


def set_suggested_prompts(call: Call) -> Json:
    _need_agent_features(call, "not_agent_app")
    channel = call.channel("channel_id")
    if not channel.dm:
        raise ApiError("channel_not_found")
    thread_ts = call.args.get("thread_ts") or None
    if thread_ts:
        call.message(channel, thread_ts, error="invalid_thread_ts")
    prompts = call.args["prompts"]
    well_formed = all(isinstance(one, dict) and one.get("title") and one.get("message") for one in prompts)
    if not 1 <= len(prompts) <= 4 or not well_formed:
        raise ApiError("invalid_arguments", "[ERROR] prompts: 1 to 4, each with title and message")
    call.workspace.prompts[channel.id, thread_ts] = prompts
    call.workspace.tell("prompts", {"channel": channel.id, "thread_ts": thread_ts, "prompts": prompts})
    return {}


def _need_agent_features(call: Call, error: str) -> None:
    if not call.app.agent_features:
        raise ApiError(error)


METHODS: Mapping[str, Callable[[Call], Json]] = {
    "agents.sessions.setStatus": set_session_status,
    "agents.sessions.rename": rename_session,
    "assistant.threads.setStatus": set_thread_status,
    "assistant.threads.setSuggestedPrompts": set_suggested_prompts,
}
