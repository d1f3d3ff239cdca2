"""A conversation of the sandbox as text: what the customer and the staff would read."""

import re
import textwrap
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from frontdesk.sandbox.slack.values import Json, Message
from frontdesk.sandbox.slack.workspace import Workspace

_PRESSED = ("actions", "context_actions")
"""Blocks that hold nothing but buttons."""
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_BOLD = re.compile(r"(?<![\w*])\*(\w[^*\n]*)\*(?![\w*])")
_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]*)>")


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


def read_aloud(workspace: Workspace, channel: str, root: str, staff_channel: str) -> Heard:
    """The thread that hangs on `root`, and all of the staff channel."""
    staff = [m for top in workspace.history(staff_channel) for m in workspace.thread(staff_channel, top.ts)]
    return Heard(
        customer_channel=workspace.channels[channel].name,
        customer=tuple(_line(workspace, m) for m in workspace.thread(channel, root)),
        staff_channel=workspace.channels[staff_channel].name,
        staff=tuple(_line(workspace, m) for m in staff),
    )


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
