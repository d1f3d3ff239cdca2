"""Names for buttons and forms that carry what they are for, signed, so that they outlive every restart."""

import base64
import hmac
import re
from hashlib import sha256
from typing import Literal

from frontdesk.domain.messages import Action
from frontdesk.domain.value import Value

MOST = 100
"""Characters that Discord takes for a custom id."""

_VERSION = "fd1"
_LETTERS: dict[Action, str] = {
    "claim": "c",
    "handback": "h",
    "resolve": "r",
    "ask_person": "a",
    "rate_up": "u",
    "rate_down": "d",
}
_ACTIONS = {letter: action for action, letter in _LETTERS.items()}
_SEAL = 16
"""Characters of the signature: 96 bits."""
_WRITTEN = re.compile(rf"{_VERSION}(?P<kind>[bf])(?P<letter>\w)(?P<seal>[\w-]{{{_SEAL}}})(?P<body>.*)", re.DOTALL)
_LONG_NUMBER = re.compile(r"(?<!\d)[1-9]\d{12,18}(?!\d)|~", re.ASCII)
_PACKED = re.compile(r"~(~|[\w-]{11})", re.ASCII)


class Pressed(Value):
    """What a button or a form of ours says it is for; nobody else can have written it."""

    kind: Literal["button", "form"]
    action: Action
    value: str
    message: str = ""
    """For a form: the message that the button stands below."""


class CustomIds:
    """Writes and reads them; two desks with the same secret read each other's."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"frontdesk custom ids", sha256)

    def button(self, action: Action, value: str) -> str:
        """For a button. Raises ValueError when the value is longer than any conversation's id."""
        return self._written("b", action, _packed(value))

    def form(self, action: Action, value: str, message: str) -> str:
        """For the form that a button opens. Raises ValueError as `button` does."""
        return self._written("f", action, f"{_packed(message)}|{_packed(value)}")

    def read(self, custom_id: str) -> Pressed | None:
        """None for every name that is not ours, is of another version or was changed."""
        written = _WRITTEN.fullmatch(custom_id)
        if written is None or len(custom_id) > MOST:
            return None
        kind, letter, body = written["kind"], written["letter"], written["body"]
        action = _ACTIONS.get(letter)
        if action is None or not hmac.compare_digest(written["seal"].encode(), self._seal(kind, letter, body).encode()):
            return None
        if kind == "b":
            return Pressed(kind="button", action=action, value=_unpacked(body))
        message, _, value = body.partition("|")
        return Pressed(kind="form", action=action, value=_unpacked(value), message=_unpacked(message))

    def _written(self, kind: str, action: Action, body: str) -> str:
        letter = _LETTERS[action]
        custom_id = f"{_VERSION}{kind}{letter}{self._seal(kind, letter, body)}{body}"
        if len(custom_id) > MOST:
            raise ValueError("a custom id has no room for this value")
        return custom_id

    def _seal(self, kind: str, letter: str, body: str) -> str:
        signed = f"{_VERSION}{kind}{letter}{body}".encode("utf-8", "surrogatepass")
        return base64.urlsafe_b64encode(hmac.digest(self._key, signed, sha256)).decode()[:_SEAL]


def _packed(value: str) -> str:
    """Long numbers written shorter: five of Discord's ids and a signature would not fit."""
    return _LONG_NUMBER.sub(_pack, value)


def _pack(number: re.Match[str]) -> str:
    if number[0] == "~":
        return "~~"
    return "~" + base64.urlsafe_b64encode(int(number[0]).to_bytes(8, "big")).decode().rstrip("=")


def _unpacked(body: str) -> str:
    return _PACKED.sub(_unpack, body)


def _unpack(packed: re.Match[str]) -> str:
    if packed[1] == "~":
        return "~"
    return str(int.from_bytes(base64.urlsafe_b64decode(packed[1] + "="), "big"))
