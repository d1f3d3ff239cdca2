"""A conversation of the sandbox as text: what the customer and the staff would read."""

import re
import textwrap
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from frontdesk.sandbox.discord.guild import Guild
from frontdesk.sandbox.discord.values import Channel as DiscordChannel
from frontdesk.sandbox.discord.values import Message as DiscordMessage
from frontdesk.sandbox.slack.values import Json, Message
from frontdesk.sandbox.slack.workspace import Workspace

_PRESSED = ("actions", "context_actions")
"""Slack's blocks that hold nothing but buttons."""
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_BOLD = re.compile(r"(?<![\w*])\*(\w[^*\n]*)\*(?![\w*])")
_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]*)>")

_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_MARKS = re.compile(r"(?<![\\\w*_~|])(\*\*\*|\*\*|__|~~|\|\||[*_])(?=\S)(.+?)(?<=\S)(?<!\\)\1(?![\w*])")
_LINE_MARKS = re.compile(r"^(?:-# |#{1,3} )", re.MULTILINE)
_MASKED = re.compile(r"\[([^\]\n]+)\]\(<?(https?://[^\s<>)]+)>?\)")
_ANGLE = re.compile(r"<(https?://[^\s>]+)>")
_MOMENT = re.compile(r"<t:(\d+)(?::\w)?>")
_NAMED = re.compile(r"<(@|#)!?(\d+)>")
_ESCAPED = re.compile(r"\\([^\w\s]|_)")


@dataclass(frozen=True)
class Line:
    who: str
    at: str
    text: str
    buttons: tuple[str, ...] = ()
    reply: bool = False


@dataclass(frozen=True)
class Heard:
    """What stands in the customer's thread and in the staff channel."""

    customer_channel: str
    customer: tuple[Line, ...]
    staff_channel: str
    staff: tuple[Line, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        nothing = "  (nothing: nobody needs to do anything)"
        return "\n".join(
            [
                f"#{self.customer_channel}",
                *(_shown(line) for line in self.customer),
                "",
                f"#{self.staff_channel} (private)",
                *([_shown(line) for line in self.staff] or [nothing]),
            ]
        )


def read_aloud(
    customer_side: Workspace | Guild,
    channel: str,
    root: str,
    staff_channel: str,
    *,
    staff_side: Workspace | Guild | None = None,
) -> Heard:
    """The thread that hangs on `root`, and all of the staff channel, which may be on the other platform."""
    staff_side = staff_side or customer_side
    return Heard(
        customer_channel=customer_side.channels[channel].name,
        customer=_thread(customer_side, channel, root),
        staff_channel=staff_side.channels[staff_channel].name,
        staff=_everything(staff_side, staff_channel),
    )


def _thread(side: Workspace | Guild, channel: str, root: str) -> tuple[Line, ...]:
    if isinstance(side, Workspace):
        return tuple(_line(side, message) for message in side.thread(channel, root))
    place = side.channels[channel]
    if place.dm:
        return _discord_lines(side, place, reply=False)
    starter = side.message(channel, root)
    first = [] if starter is None else [_discord_line(side, starter, reply=False)]
    thread = side.channels.get(root) or (_private_thread(side, place, starter) if starter else None)
    return (*first, *(_discord_lines(side, thread, reply=True) if thread else ()))


def _everything(side: Workspace | Guild, channel: str) -> tuple[Line, ...]:
    if isinstance(side, Workspace):
        return tuple(_line(side, one) for top in side.history(channel) for one in side.thread(channel, top.ts))
    place = side.channels[channel]
    if place.kind == "forum":
        return tuple(line for post in side.threads(channel) for line in _discord_lines(side, post, reply=True))
    lines: list[Line] = []
    for top in side.messages(channel):
        lines.append(_discord_line(side, top, reply=False))
        if top.id in side.channels:
            lines += _discord_lines(side, side.channels[top.id], reply=True)
    return tuple(lines)


def _private_thread(guild: Guild, parent: DiscordChannel, question: DiscordMessage) -> DiscordChannel | None:
    """The thread opened for the author of a question instead of one on it."""
    mine = (one for one in guild.threads(parent.id) if one.kind == "private_thread" and question.author in one.members)
    return next((one for one in mine if int(one.id) > int(question.id)), None)


def _discord_lines(guild: Guild, place: DiscordChannel, *, reply: bool) -> tuple[Line, ...]:
    """All that was written in a thread, a post or a direct message; a post begins with its title and its tags."""
    lines = [_discord_line(guild, one, reply=reply and one.id != place.id) for one in guild.messages(place.id)]
    if lines and place.thread and place.parent and guild.channels[place.parent].kind == "forum":
        tags = "".join(f" [{tag}]" for tag in guild.tag_names(place.id))
        lines[0] = replace(lines[0], text=f"{place.name}{tags}\n{lines[0].text}")
    return tuple(lines)


def _discord_line(guild: Guild, message: DiscordMessage, *, reply: bool) -> Line:
    at = datetime.fromtimestamp(message.at, UTC).strftime("%H:%M:%S")
    files = [f"[{one.name}]" for one in message.attachments]
    text = "\n".join(part for part in (_plain_discord(guild, message.shown), *files) if part)
    return Line(message.name, at, text, tuple(label for label, _ in message.buttons), reply=reply)


def _plain_discord(guild: Guild, text: str) -> str:
    """Discord's own marks as a terminal can show them; code stays as it is."""
    pieces = _CODE.split(text)
    return "".join(piece if number % 2 else _unmarked(guild, piece) for number, piece in enumerate(pieces))


def _unmarked(guild: Guild, text: str) -> str:
    def named(found: re.Match[str]) -> str:
        sign, known = found[1], guild.people if found[1] == "@" else guild.channels
        one = known.get(found[2])
        return f"{sign}{one.name if one else found[2]}"

    text = _LINE_MARKS.sub("", _NAMED.sub(named, text))
    text = _MOMENT.sub(lambda found: datetime.fromtimestamp(int(found[1]), UTC).strftime("%d %B %H:%M UTC"), text)
    text = _ANGLE.sub(r"\1", _MASKED.sub(r"\1 \2", text))
    for _ in range(3):
        text = _MARKS.sub(r"\2", text)
    return _ESCAPED.sub(r"\1", text)


def _line(workspace: Workspace, message: Message) -> Line:
    person = workspace.people.get(message.user or "")
    who = message.username or (person.real_name if person else "") or "desk"
    at = datetime.fromtimestamp(float(message.ts), UTC).strftime("%H:%M:%S")
    words = replace(message, blocks=tuple(block for block in message.blocks if block.get("type") not in _PRESSED))
    return Line(who, at, _plain(words.shown), _buttons(message.blocks), reply=message.root != message.ts)


def _plain(text: str) -> str:
    """Slack's own marks for dates, links and bold words, as a terminal can show them."""
    return _BOLD.sub(r"\1", _LINK.sub(r"\2 \1", _DATE.sub(r"\1", text)))


def _buttons(blocks: tuple[Json, ...]) -> tuple[str, ...]:
    labels: list[str] = []
    for block in blocks:
        for element in block.get("elements", ()):
            if not isinstance(element, dict):
                continue
            if element.get("type") == "button":
                labels.append(str(element["text"]["text"]))
            elif element.get("type") == "feedback_buttons":
                labels += [str(element[side]["text"]["text"]) for side in ("positive_button", "negative_button")]
    return tuple(labels)


def _shown(line: Line) -> str:
    indent = "    " if line.reply else "  "
    wrapped = [
        textwrap.fill(
            part,
            100,
            break_on_hyphens=False,
            initial_indent=indent + "  ",
            subsequent_indent=indent + "  ",
            break_long_words=False,
        )
        for part in line.text.splitlines()
    ]
    buttons = [indent + "  " + "  ".join(f"[ {label} ]" for label in line.buttons)] if line.buttons else []
    return "\n".join([f"{indent}{line.who}  {line.at}", *wrapped, *buttons])
