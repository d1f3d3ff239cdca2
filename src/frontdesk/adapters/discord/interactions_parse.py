"""Turns interactions of Discord into what the desk is to do; pure, and never surprised."""

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any, Literal

from frontdesk.adapters.discord import interactions_wire as wire
from frontdesk.adapters.discord.api import Identity
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.parse import DIRECT, Desk, Ignored, name_of, person, posted, read
from frontdesk.adapters.discord.snowflakes import order
from frontdesk.adapters.discord.wire import Message as Spoken
from frontdesk.domain.commands import ASK, ASK_ABOUT, DESK
from frontdesk.domain.errors import Unreadable
from frontdesk.domain.events import ButtonPressed, MessagePosted
from frontdesk.domain.messages import Thread
from frontdesk.domain.people import Person
from frontdesk.domain.value import Value

_CHAT, _ON_MESSAGE = 1, 3
_BUTTON = 2
_TEXT_INPUT = 4
_DIRECT, _GROUP = 1, 3
_VIEW_CHANNEL = 1 << 10
_THREADS = frozenset({10, 11, 12})
_BETWEEN_OTHERS = 2
"""The context of an interaction in a direct message that the desk is no part of."""
_WITH_THREADS = frozenset({0, 5})
_DEEPEST = 4
"""How deep a form's input may lie."""


class InteractionType(IntEnum):
    """Discord's numbers for what somebody did; nobody stands behind a ping."""

    PING = 1
    COMMAND = 2
    COMPONENT = 3
    COMPLETION = 4
    SUBMISSION = 5


class Caller(Value):
    """Who did something, and where."""

    interaction: str
    token: str
    person: Person
    channel: str
    """Where it really happened: the thread itself, if it was in one."""
    thread: Thread
    """The same in the desk's terms; in a text channel itself without a root."""

    @property
    def order(self) -> int:
        return order(self.interaction)

    @property
    def name(self) -> str:
        return f"discord:interaction:{self.interaction}"


class Pressed(Value):
    """A button of ours."""

    event: ButtonPressed
    form: Literal["resolve", "rate_down"] | None = None
    """The form that opens first."""


class Submitted(Value):
    """A form of ours."""

    event: ButtonPressed


class Asked(Value):
    """`/ask`: a question that is to be shown first."""

    question: str


class Pointed(Value):
    """The menu of a message that somebody wrote."""

    event: MessagePosted


class Declined(Value):
    """A question that cannot be taken up, and why."""

    why: Literal["own", "not a person", "empty", "staff", "no threads", "unseen"]


class Command(Value):
    """Any other slash command."""

    name: str
    text: str


class Completion(Value):
    """A word that is being typed, and wants to be completed."""

    typed: str


class Unknown(Value):
    """Nothing of ours, or nothing any more."""

    what: Literal["button", "form", "command", "interaction"]


Parsed = Pressed | Submitted | Asked | Pointed | Declined | Command | Completion | Unknown


def read_envelope(payload: object) -> wire.Envelope:
    """Raises Unreadable, and then there is nobody to answer."""
    return read(wire.Envelope, payload)


def parse(
    payload: object, desk: Identity, ids: CustomIds, staff_channel: str | None, heard: Callable[[str], str]
) -> tuple[Caller, Parsed]:
    """Who did what. `heard` turns Discord's Markdown into plain Markdown. Raises Unreadable."""
    told = read(wire.Interaction, payload)
    caller = _caller(told)
    match told.type:
        case InteractionType.COMMAND:
            return caller, _command(told, caller, desk, staff_channel, heard)
        case InteractionType.COMPONENT:
            return caller, _press(told, caller, ids, staff_channel)
        case InteractionType.COMPLETION:
            return caller, _completion(told)
        case InteractionType.SUBMISSION:
            return caller, _submission(told, caller, ids)
        case _:
            return caller, Unknown(what="interaction")


def _caller(told: wire.Interaction) -> Caller:
    user = (told.member.user if told.member else None) or told.user
    if user is None:
        raise Unreadable("an interaction of nobody")
    return Caller(
        interaction=told.id,
        token=told.token,
        person=person(user, told.member, told.guild_id),
        channel=told.channel.id,
        thread=_place(told),
    )


def _place(told: wire.Interaction) -> Thread:
    channel = told.channel
    if channel.type == _DIRECT and told.context != _BETWEEN_OTHERS:
        return Thread(platform="discord", community=DIRECT, channel=channel.id, direct=True)
    if told.guild_id is None or channel.type in (_DIRECT, _GROUP):
        raise Unreadable("a place where the desk is not")
    if channel.type not in _THREADS:
        return Thread(platform="discord", community=told.guild_id, channel=channel.id)
    if channel.parent_id is None:
        raise Unreadable("a thread of no channel")
    return Thread(platform="discord", community=told.guild_id, channel=channel.parent_id, root=channel.id)


def _press(told: wire.Interaction, caller: Caller, ids: CustomIds, staff_channel: str | None) -> Parsed:
    component = read(wire.Component, told.data)
    pressed = ids.read(component.custom_id)
    if pressed is None or pressed.kind != "button" or component.component_type != _BUTTON:
        return Unknown(what="button")
    if told.message is None:
        raise Unreadable("a pressed button without its message")
    event = ButtonPressed(
        thread=_on(caller.thread, told.message.id),
        ids=(caller.name,),
        order=caller.order,
        action=pressed.action,
        value=pressed.value[:200],
        by=caller.person,
        message_id=told.message.id,
    )
    match pressed.action:
        case "resolve" if caller.thread.channel == staff_channel:
            return Pressed(event=event, form="resolve")
        case "rate_down":
            return Pressed(event=event, form="rate_down")
        case _:
            return Pressed(event=event)


def _submission(told: wire.Interaction, caller: Caller, ids: CustomIds) -> Parsed:
    form = read(wire.Form, told.data)
    about = ids.read(form.custom_id)
    if about is None or about.kind != "form" or not about.message:
        return Unknown(what="form")
    return Submitted(
        event=ButtonPressed(
            thread=_on(caller.thread, about.message),
            ids=(caller.name,),
            order=caller.order,
            action=about.action,
            value=about.value[:200],
            by=caller.person,
            message_id=about.message,
            comment=next(_typed(form.components, _DEEPEST), "").strip(),
        )
    )


def _command(
    told: wire.Interaction, caller: Caller, desk: Identity, staff_channel: str | None, heard: Callable[[str], str]
) -> Parsed:
    command = read(wire.Command, told.data)
    if (command.type, command.name) == (_CHAT, DESK.name):
        return Command(name=command.name, text=" ".join(_words(command.options)))
    if (command.type, command.name) not in ((_CHAT, ASK.name), (_ON_MESSAGE, ASK_ABOUT.name)):
        return Unknown(what="command")
    if caller.thread.channel == staff_channel:
        return Declined(why="staff")
    if not _can_hold_a_conversation(told.channel):
        return Declined(why="no threads")
    if not caller.thread.direct and not _is_seen(told.app_permissions):
        return Declined(why="unseen")
    if command.type == _ON_MESSAGE:
        return _pointed(command, caller, desk)
    words = [option.value for option in command.options if ASK.argument and option.name == ASK.argument.name]
    question = heard(str(words[0] or "") if words else "").strip()
    return Asked(question=question) if question else Declined(why="empty")


def _can_hold_a_conversation(channel: wire.Channel) -> bool:
    return channel.type in _THREADS or channel.type in _WITH_THREADS or channel.type == _DIRECT


def _is_seen(permissions: str | None) -> bool:
    """People can call the desk in channels of a server that it cannot see, and so cannot answer in.

    Of direct messages Discord names only what an answer may carry, and never that the desk can see them.
    """
    if permissions is None or not (permissions.isascii() and permissions.isdigit()) or len(permissions) > 30:
        return True
    return bool(int(permissions) & _VIEW_CHANNEL)


def _words(options: tuple[wire.Option, ...]) -> Iterator[str]:
    """What stands behind a command, as somebody would type it."""
    for option in options:
        if option.value is None:
            yield option.name
            yield from (str(leaf.value) for leaf in option.options if leaf.value is not None)
        else:
            yield str(option.value)


def _pointed(command: wire.Command, caller: Caller, desk: Identity) -> Parsed:
    message = command.target_id or ""
    target = command.resolved.messages.get(message)
    if target is None or target.get("id") != message:
        raise Unreadable("a menu without its message")
    event = posted(
        read(Spoken, {"channel_id": caller.channel, **target}), _on(caller.thread, message), Desk(user=desk.user)
    )
    if isinstance(event, Ignored):
        return Declined(why="own" if event.reason == "own echo" else "not a person")
    if not event.message.text and not event.message.attachments:
        return Declined(why="empty")
    ids = (f"{name_of(event.message.id)}:pointed", caller.name)
    return Pointed(event=event.model_copy(update={"ids": ids, "order": caller.order, "addressed": True}))


def _completion(told: wire.Interaction) -> Parsed:
    command = read(wire.Command, told.data)
    leaves: list[wire.Leaf] = [leaf for option in command.options for leaf in (option, *option.options)]
    return Completion(typed=next((str(leaf.value or "") for leaf in leaves if leaf.focused), ""))


def _typed(components: Any, depth: int) -> Iterator[str]:
    """What was typed into a form, wherever its layout puts the input."""
    if not isinstance(components, list | tuple) or depth == 0:
        return
    for one in components:
        if not isinstance(one, dict):
            continue
        if one.get("type") == _TEXT_INPUT and isinstance(one.get("value"), str):
            yield one["value"]
        yield from _typed(one.get("components"), depth - 1)
        yield from _typed([one.get("component")], depth - 1)


def _on(place: Thread, message: str) -> Thread:
    """The thread that hangs on a message of a text channel; elsewhere the conversation that goes on there."""
    if place.direct or place.root is not None:
        return place
    return place.model_copy(update={"root": message})
