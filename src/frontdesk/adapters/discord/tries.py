"""Knows again what we may have posted: Discord forgets a nonce after minutes, and some posts take none."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from frontdesk.adapters.discord import snowflakes
from frontdesk.domain.messages import MessageRef, Thread
from frontdesk.domain.value import Value
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook

KNOWN_FOR = 86_400.0
EARLIER = 5.0
"""Seconds by which our clock may be ahead of Discord's."""
MOST_THREADS = 1_000


class Try(Value):
    """When something was first posted, and what it looked like."""

    at: float
    """Seconds since the epoch."""
    parts: tuple[str, ...] = ()
    """A print of every part; none for a reply that grows."""
    after: str = "0"
    """The last message that we had there before: this one can only be a later one."""

    @property
    def since(self) -> str:
        """The message after which it is looked for."""
        return str(max(int(snowflakes.at(self.at - EARLIER)), int(self.after)))


class Tries:
    """Written down before the first post; read when nobody knows whether that arrived."""

    def __init__(self, notebook: Notebook, clock: Clock) -> None:
        self._notebook = notebook
        self._clock = clock
        self._said: OrderedDict[Thread, Callable[[], Sequence[MessageRef]]] = OrderedDict()

    async def begin(
        self, marker: str, thread: Thread, payloads: Sequence[Mapping[str, Any]] = (), files: Sequence[int] = ()
    ) -> None:
        """`files`: the sizes of those that come with the last part. Raises Retry."""
        if await self.known(marker) is None:
            parts = [print_of(payload) for payload in payloads[:-1]] + [print_of(p, files) for p in payloads[-1:]]
            begun = Try(at=self._clock.now(), parts=tuple(parts), after=self._last(thread))
            await self._notebook.put(_name(marker), begun.model_dump_json(), KNOWN_FOR)

    def said(self, thread: Thread, refs: Callable[[], Sequence[MessageRef]]) -> None:
        """What this process has just posted there, or is about to: the next thing is something else."""
        self._said[thread] = refs
        self._said.move_to_end(thread)
        while len(self._said) > MOST_THREADS:
            self._said.popitem(last=False)

    def _last(self, thread: Thread) -> str:
        said = self._said.get(thread)
        return str(max((int(ref.id) for ref in (said() if said else ())), default=0))

    async def known(self, marker: str) -> Try | None:
        """Raises Retry."""
        text = await self._notebook.get(_name(marker))
        return Try.model_validate_json(text) if text else None


def matching(tried: Try, messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Ids of the messages, oldest first, that are parts of it: each part once, in order."""
    if not tried.parts:
        return [str(message.get("id")) for message in messages]
    found: list[str] = []
    for message in messages:
        if len(found) < len(tried.parts) and print_of(message) == tried.parts[len(found)]:
            found.append(str(message.get("id")))
    return found


def print_of(message: Mapping[str, Any], files: Sequence[int] = ()) -> str:
    """The words of a message, the names of its buttons and the sizes of its files, whoever wrote them down.

    Not the names of files: Discord calls every pasted picture the same, and changes names that it does not like.
    """
    buttons = [
        [str(button.get("custom_id")) for button in row.get("components") or ()]
        for row in message.get("components") or ()
        if isinstance(row, Mapping)
    ]
    words = str(message.get("content") or "").strip()
    sizes = [*files, *(int(told.get("size") or 0) for told in message.get("attachments") or ())]
    return hashlib.blake2s(
        json.dumps([words, buttons, *([sizes] if sizes else [])]).encode(), digest_size=12
    ).hexdigest()


def _name(marker: str) -> str:
    return f"discord:tried:{marker}"
