"""Reads Slack's payloads into the desk's events; pure, and never surprised."""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError

from frontdesk.adapters.slack import wire
from frontdesk.adapters.slack.api import Identity
from frontdesk.adapters.slack.mrkdwn import heard
from frontdesk.domain.errors import Unreadable
from frontdesk.domain.events import ButtonPressed, Event, MessageDeleted, MessageEdited, MessagePosted, StopRequested
from frontdesk.domain.messages import Action, Attachment, Message, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.value import Value

ACTION_PREFIX = "fd:"
RATE = "fd:rate"
"""Both thumbs; which one is in the value."""
FORM = "fd:form"
"""The callback id of every form of ours."""
COMMENT_BLOCK = "fd:comment"
COMMENT = "comment"

EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
)
"""Every event the adapter listens to, as the manifest subscribes to them."""


class Ignored(Value):
    """Understood, and nothing to do."""

    reason: str


class Opened(Value):
    """Somebody looks at the messages tab."""

    person: Person
    thread: Thread


class StaffMoved(Value):
    """The members of a channel changed."""

    channel: str


class FormAsked(Value):
    """A button that first opens a form."""

    action: Literal["resolve", "rate_down"]
    press: ButtonPressed
    """What counts when the form cannot be opened."""
    trigger: str


class Asked(Value):
    """A slash command."""

    name: str
    """Without its slash."""
    text: str
    """All that stands behind it."""
    person: Person
    thread: Thread


Parsed = Event | Ignored | Opened | StaffMoved | FormAsked

_THUMBS: dict[str, Action] = {"up": "rate_up", "down": "rate_down"}
_W = TypeVar("_W", bound=BaseModel)
_TS = re.compile(r"\d{1,12}\.\d{1,6}")
_SPOKEN = {None, "file_share", "thread_broadcast", "me_message"}


def parse(payload: object, desk: Identity, staff_channel: str | None, at: float) -> Parsed:
    """An event, a pressed button or a form. `at` is when it came in. Raises Unreadable."""
    if not isinstance(payload, Mapping):
        raise Unreadable("the payload is not an object")
    match payload.get("type"):
        case "event_callback":
            return _event(payload, desk)
        case "block_actions":
            return _press(payload, desk, staff_channel, at)
        case "view_submission" | "view_closed" as kind:
            return _form(payload, desk, at, submitted=kind == "view_submission")
        case "shortcut" | "message_action":
            return Ignored(reason="shortcut")
        case kind:
            raise Unreadable(f"payload of unknown type {_short(kind)}")


def parse_command(payload: object, desk: Identity) -> Asked:
    """A slash command. Raises Unreadable."""
    command = _read(wire.SlashCommand, payload)
    person = Person(
        platform="slack", community=command.team_id or desk.team, id=command.user_id, name=command.user_name or ""
    )
    thread = _thread(desk, command.channel_id, None, direct=command.channel_id.startswith("D"))
    return Asked(name=command.command.lstrip("/"), text=command.text.strip(), person=person, thread=thread)


def _event(payload: Mapping[str, Any], desk: Identity) -> Parsed:
    envelope = _read(wire.Envelope, payload)
    match envelope.event.get("type"):
        case "message" | "app_mention":
            return _message_event(_read(wire.MessageEvent, envelope.event), envelope, desk)
        case "agent_session_stopped":
            return _stop(_read(wire.StopEvent, envelope.event), envelope, desk)
        case "app_home_opened":
            return _home(_read(wire.HomeOpened, envelope.event), desk)
        case "member_joined_channel" | "member_left_channel":
            return StaffMoved(channel=_read(wire.Membership, envelope.event).channel)
        case str(kind):
            return Ignored(reason=f"event {kind[:40]}")
        case _:
            raise Unreadable("the event has no type")


def _message_event(event: wire.MessageEvent, envelope: wire.Envelope, desk: Identity) -> Parsed:
    match event.subtype:
        case "message_changed":
            return _edited(event, envelope, desk)
        case "message_deleted":
            return _deleted(event, envelope, desk)
        case subtype if subtype in _SPOKEN:
            return _posted(event, envelope, desk)
        case subtype:
            return Ignored(reason=f"message {str(subtype)[:40]}")


def _posted(event: wire.MessageEvent, envelope: wire.Envelope, desk: Identity) -> Parsed:
    if not_a_person := _not_a_person(event, desk):
        return Ignored(reason=not_a_person)
    if event.ts is None:
        raise Unreadable("a message without ts")
    if event.channel_type == "app_home":
        return Ignored(reason="app home")
    words = heard(event.text or "", desk.user)
    is_mention = event.type == "app_mention"
    order = _order(event.ts)
    ids = [_message_name(desk, event.channel, event.ts), f"slack:{desk.team}:{envelope.event_id}"]
    if event.client_msg_id:
        ids.append(f"slack:{desk.team}:{event.client_msg_id}")
    message = Message(
        id=event.ts,
        author=_author(event, desk),
        text=words.text,
        attachments=_attachments(event.files),
        mentions_others=words.mentions_others,
        order=order,
    )
    return MessagePosted(
        thread=_home_of(event, event, desk),
        ids=tuple(ids),
        order=order,
        message=message,
        addressed=words.addressed or is_mention,
        complete=not is_mention or bool(event.files),
    )


def _edited(event: wire.MessageEvent, envelope: wire.Envelope, desk: Identity) -> Parsed:
    now, before = event.message, event.previous_message
    if now is None or now.ts is None:
        raise Unreadable("a change without its message")
    if now.subtype == "tombstone":
        # What is left of a deleted message that has replies; Slack's own user stands in for the author.
        was = _not_a_person(before, desk) if before is not None else ""
        return Ignored(reason=was) if was else _gone(now.ts, event, now, envelope, desk)
    if not_a_person := _not_a_person(now, desk):
        return Ignored(reason=not_a_person)
    if before is not None and (before.text or "") == (now.text or ""):
        return Ignored(reason="change that is no edit")
    if before is None and now.edited is None:
        return Ignored(reason="change that is no edit")
    words = heard(now.text or "", desk.user)
    stamp = (now.edited.ts if now.edited else None) or event.event_ts or event.ts or now.ts
    return MessageEdited(
        thread=_home_of(event, now, desk),
        ids=(
            f"{_message_name(desk, event.channel, now.ts)}:edited:{stamp}",
            f"slack:{desk.team}:{envelope.event_id}",
        ),
        order=_order(event.event_ts or event.ts or now.ts),
        message=Message(
            id=now.ts,
            author=_author(now, desk),
            text=words.text,
            attachments=_attachments(now.files),
            mentions_others=words.mentions_others,
            order=_order(now.ts),
        ),
    )


def _deleted(event: wire.MessageEvent, envelope: wire.Envelope, desk: Identity) -> Parsed:
    before = event.previous_message or wire.InnerMessage()
    if before.ts is not None and (not_a_person := _not_a_person(before, desk)):
        return Ignored(reason=not_a_person)
    message_id = event.deleted_ts or before.ts
    if message_id is None:
        raise Unreadable("a deletion that does not say of what")
    return _gone(message_id, event, before, envelope, desk)


def _gone(
    message_id: str, event: wire.MessageEvent, before: wire.InnerMessage, envelope: wire.Envelope, desk: Identity
) -> MessageDeleted:
    home = _home_of(event, before.model_copy(update={"ts": message_id}), desk)
    return MessageDeleted(
        thread=home,
        ids=(
            f"{_message_name(desk, event.channel, message_id)}:deleted",
            f"slack:{desk.team}:{envelope.event_id}",
        ),
        order=_order(event.event_ts or event.ts or message_id),
        message_id=message_id,
    )


def _stop(event: wire.StopEvent, envelope: wire.Envelope, desk: Identity) -> Parsed:
    order = _order(event.event_ts) if event.event_ts else (envelope.event_time or 0) * 1_000_000
    return StopRequested(
        thread=_thread(desk, event.channel, event.thread_ts, direct=event.channel.startswith("D")),
        ids=(f"slack:{desk.team}:{envelope.event_id}",),
        order=order,
        by=Person(platform="slack", community=event.user_team or desk.team, id=event.user),
    )


def _home(event: wire.HomeOpened, desk: Identity) -> Parsed:
    if event.tab != "messages":
        return Ignored(reason="home tab")
    person = Person(platform="slack", community=desk.team, id=event.user)
    return Opened(person=person, thread=_thread(desk, event.channel, None, direct=True))


def _press(payload: Mapping[str, Any], desk: Identity, staff_channel: str | None, at: float) -> Parsed:
    press = _read(wire.Press, payload)
    choice = press.actions[0]
    action = _action(choice)
    if action is None:
        return Ignored(reason="button of nobody's")
    channel = press.container.channel_id or (press.channel.id if press.channel else None)
    message_ts = press.container.message_ts or (press.message.ts if press.message else None)
    if channel is None or message_ts is None:
        raise Unreadable("a pressed button without its message")
    root = press.container.thread_ts or (press.message.thread_ts if press.message else None) or message_ts
    stamp = choice.action_ts or press.trigger_id or ""
    pressed = ButtonPressed(
        thread=_thread(desk, channel, root, direct=channel.startswith("D")),
        ids=(f"{_message_name(desk, channel, message_ts)}:{choice.action_id}:{press.user.id}:{stamp}",),
        order=_order(choice.action_ts) if choice.action_ts else int(at * 1_000_000),
        action=action,
        value=(choice.value or "")[:200],
        by=_person(press.user, desk),
        message_id=message_ts,
    )
    form: Literal["resolve", "rate_down"] | None = None
    if action == "resolve" and channel == staff_channel:
        form = "resolve"
    elif action == "rate_down":
        form = "rate_down"
    if form and press.trigger_id:
        return FormAsked(action=form, press=pressed, trigger=press.trigger_id)
    return pressed


def _form(payload: Mapping[str, Any], desk: Identity, at: float, *, submitted: bool) -> Parsed:
    form = _read(wire.Submission, payload)
    if form.view.callback_id != FORM:
        return Ignored(reason="form of nobody's")
    try:
        kept = json.loads(form.view.private_metadata or "")
        action, value = kept["action"], kept["value"]
        channel, root, message_id = kept["channel"], kept["root"], kept["message"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable("a form that does not say what it is for") from error
    if not submitted and action != "rate_down":
        return Ignored(reason="form closed")
    said = form.view.state.values.get(COMMENT_BLOCK, {}).get(COMMENT, {}).get("value") if submitted else ""
    try:
        return ButtonPressed(
            thread=_thread(desk, channel, root, direct=str(channel).startswith("D")),
            ids=(f"slack:{desk.team}:form:{form.view.id}",),
            order=int(at * 1_000_000),
            action=action,
            value=value,
            by=_person(form.user, desk),
            message_id=message_id,
            comment=str(said or "").strip(),
        )
    except ValidationError as error:
        raise Unreadable(_complaint(wire.Submission, error)) from error


def _action(choice: wire.Choice) -> Action | None:
    if choice.action_id == RATE:
        return _THUMBS.get((choice.value or "").partition(":")[0])
    name = choice.action_id.removeprefix(ACTION_PREFIX).partition(":")[0]
    if choice.action_id.startswith(ACTION_PREFIX) and name in get_args(Action):
        return cast(Action, name)
    return None


def _not_a_person(message: wire.InnerMessage, desk: Identity) -> str:
    """Why nobody wrote this; empty when a person did."""
    if message.user == desk.user or (desk.bot and message.bot_id == desk.bot):
        return "own echo"
    if message.bot_id or message.app_id or message.subtype == "bot_message":
        return "another app"
    if message.user is None or message.user == "USLACKBOT":
        return "nobody"
    return ""


def _home_of(event: wire.MessageEvent, message: wire.InnerMessage, desk: Identity) -> Thread:
    direct = event.channel_type == "im" or event.channel.startswith("D")
    return _thread(desk, event.channel, message.thread_ts or message.ts, direct=direct)


def _thread(desk: Identity, channel: str, root: str | None, *, direct: bool) -> Thread:
    return Thread(platform="slack", community=desk.team, channel=channel, root=root, direct=direct)


def _message_name(desk: Identity, channel: str, ts: str) -> str:
    return f"slack:{desk.team}:{channel}:{ts}"


def _author(message: wire.InnerMessage, desk: Identity) -> Person:
    community = message.user_team or message.source_team or message.team or desk.team
    return Person(platform="slack", community=community, id=message.user or "")


def _person(user: wire.User, desk: Identity) -> Person:
    name = user.name or user.username or ""
    return Person(platform="slack", community=user.team_id or desk.team, id=user.id, name=name)


def _attachments(files: tuple[wire.File, ...] | None) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            id=file.id,
            name=file.name or file.title or file.id,
            media_type=file.mimetype or "application/octet-stream",
            size=max(file.size or 0, 0),
            url=file.url_private_download or file.url_private or "",
        )
        for file in files or ()
    )


def _order(ts: str) -> int:
    """Slack's `seconds.micros` as microseconds."""
    if not _TS.fullmatch(ts):
        raise Unreadable(f"not a timestamp: {_short(ts)}")
    seconds, micros = ts.split(".")
    return int(seconds) * 1_000_000 + int(micros.ljust(6, "0"))


def _read(shape: type[_W], data: object) -> _W:
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise Unreadable(_complaint(shape, error)) from error


def _complaint(shape: type[BaseModel], error: ValidationError) -> str:
    places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors(include_input=False)[:3])
    return f"{shape.__name__}: {places or 'not an object'}"


def _short(value: object) -> str:
    return repr(value)[:40]
