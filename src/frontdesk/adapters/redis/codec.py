"""Between the desk's values and the bytes that Redis keeps."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from frontdesk.domain.errors import Unreadable
from frontdesk.domain.events import Event, MessagePosted
from frontdesk.domain.ids import ConversationId
from frontdesk.domain.messages import Thread
from frontdesk.domain.transcript import ENTRY, Entry
from frontdesk.domain.value import Value
from frontdesk.ports.store import Claim, Lease, Pending

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_THREAD = TypeAdapter(Thread)

_Record = TypeVar("_Record", bound=Value)


def packed(value: Value) -> bytes:
    return value.model_dump_json().encode()


def text(raw: object) -> str:
    """Never fails: a broken name is still a name."""
    return raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)


def is_complete(event: Event) -> bool:
    return not isinstance(event, MessagePosted) or event.complete


def author_of(event: Event) -> str:
    """Who wrote, where the event is a message; empty otherwise."""
    return event.message.author.key if isinstance(event, MessagePosted) else ""


def readable(kind: type[_Record], raws: Iterable[object]) -> list[_Record]:
    """The records that can be read; a broken one never hides the others."""
    records = []
    for raw in raws:
        try:
            records.append(kind.model_validate_json(_bytes(raw)))
        except ValidationError:
            continue
    return records


def entries(conversation: ConversationId, raws: Sequence[object], after: int) -> tuple[Entry, ...]:
    read: list[Entry] = []
    for place, raw in enumerate(raws, start=after):
        try:
            read.append(ENTRY.validate_json(_bytes(raw)))
        except ValidationError as error:
            raise Unreadable(f"entry {place} of {conversation}: {error.error_count()} faults") from None
    return tuple(read)


def thread(raw: object) -> Thread:
    return _THREAD.validate_json(_bytes(raw))


def pending(flat: Sequence[object]) -> tuple[tuple[Pending, ...], tuple[str, ...]]:
    """Events that can be read, and the keys of those that cannot."""
    events, unreadable = [], []
    for name, payload in zip(flat[::2], flat[1::2], strict=True):
        key = text(name)
        try:
            events.append(Pending(key=key, event=EVENT.validate_json(_bytes(payload))))
        except ValidationError:
            unreadable.append(key)
    return tuple(events), tuple(unreadable)


class Aside(Value):
    """What could not be understood, kept for the operator."""

    at: float
    reason: str
    payload: str


def claim(raw: Sequence[object]) -> Claim:
    name, epoch, place, flat, journal, length, attempts, stolen = raw
    conversation = ConversationId(text(name))
    events, unreadable = pending(_list(flat))
    steps = _list(journal)
    return Claim(
        lease=Lease(conversation=conversation, epoch=int(_bytes(epoch))),
        thread=home(place, conversation),
        pending=events,
        unreadable=unreadable,
        journal={text(step): text(record) for step, record in zip(steps[::2], steps[1::2], strict=True)},
        entries=_int(length),
        attempts=max(0, _int(attempts)),
        stolen=text(stolen) == "1",
    )


def home(raw: object, conversation: ConversationId) -> Thread:
    """The recorded home, or what the conversation's own name says when the record is broken."""
    try:
        return thread(raw)
    except ValidationError:
        platform, community, channel, root = conversation.split(":", 3)
        return Thread.model_validate(
            {"platform": platform, "community": community, "channel": channel, "root": None if root == "-" else root}
        )


def _bytes(raw: object) -> bytes:
    return raw if isinstance(raw, bytes) else b""


def _list(raw: object) -> Sequence[object]:
    return raw if isinstance(raw, list) else []


def _int(raw: object) -> int:
    return int(raw) if isinstance(raw, int | bytes) else 0
