"""The seam between the behaviours and a platform: who and what there is everywhere, and what a platform must show."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

ALICE, BOB, CAROL = "alice", "bob", "carol"
"""Customers; Carol belongs to another organisation."""
SAM, DANA = "sam", "dana"
"""Staff."""
SUPPORT, GENERAL, STAFF = "support", "general", "staff"
"""A channel that is served, one that is not, and the staff channel."""
QUEUE = "queue"
"""A private forum for staff, where there are forums."""

File = tuple[str, bytes, str]
"""Name, content and media type."""
Operation = Literal["post", "begin", "grow", "finish", "look_up_person", "link"]
"""What a desk does to a platform: posts a message, begins, grows and finishes an answer, looks up names and links."""
Trouble = Literal["rate_limited", "server_error", "html", "dropped_before_receipt", "dropped_after_receipt", "slow"]
"""How that can go wrong; `slow` goes well, but late."""


@dataclass(frozen=True)
class Spot:
    """Where a conversation stands."""

    channel: str
    root: str | None
    """The platform's name of the thread; None where there are no threads."""
    first: str
    """The message that began it."""


@dataclass(frozen=True)
class ShownFile:
    name: str
    content: bytes


@dataclass(frozen=True)
class Shown:
    """A message as people see it at one moment."""

    id: str
    channel: str
    root: str | None
    by_desk: bool
    author: str | None
    """The person who wrote it, or None."""
    name: str
    """What it stands under."""
    shown: str
    """What a person reads."""
    order: int
    """Microseconds since the epoch."""
    writing: bool = False
    """True while the desk has not ended it."""
    files: tuple[ShownFile, ...] = ()
    live_links: tuple[str, ...] = ()
    """The addresses that the platform makes clickable or loads."""
    live_mentions: tuple[str, ...] = ()
    """The pings that the platform makes of it."""
    buttons: tuple[str, ...] = ()
    """What can be pressed below it, by the desk's names of its actions."""


class Looking(Protocol):
    """Sees every state in which a message of the desk ever stood, also for a moment."""

    async def seen(self) -> list[Shown]:
        """All states up to now, in order."""


class Surroundings(Protocol):
    """One platform, with its example people and places; ids of the platform's own are taken wherever names are."""

    @property
    def name(self) -> str: ...

    @property
    def hostile(self) -> tuple[str, ...]:
        """Answers of a model that would ping people here."""

    # what a desk is told

    def environment(self) -> dict[str, str]:
        """What switches a desk on here."""

    def key(self, place: str) -> str:
        """A place as configuration spells it."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never stand in a log."""

    # what people do

    def mentioning(self, who: str | None) -> str:
        """What mentions a person, or the assistant."""

    def pinging(self) -> str:
        """What pings a crowd, as written by a person."""

    def typed(self, markdown: str) -> str:
        """What the platform sends for words that a person types; nothing in them is a mention."""

    def written(self, markdown: str) -> str:
        """The same for formatted words, in the platform's own markup."""

    async def begin(self, who: str, where: str, text: str, files: Iterable[File] = ()) -> Spot:
        """Something new in a channel."""

    async def begin_directly(self, who: str, text: str, files: Iterable[File] = ()) -> Spot:
        """Something in a direct message with the assistant."""

    async def open(self, who: str, spot: Spot) -> None:
        """Open a thread on the first message, where that is an act of its own."""

    async def say(self, who: str, spot: Spot, text: str, files: Iterable[File] = ()) -> str:
        """Something more in the same thread; its id."""

    async def edit(self, who: str, spot: Spot, message: str, text: str) -> None: ...

    async def delete(self, who: str, spot: Spot, message: str) -> None: ...

    async def preview(self, spot: Spot, title: str) -> None:
        """The platform adds a preview of a link to the first message."""

    async def another_app_says(self, where: str, text: str, spot: Spot | None = None) -> None: ...

    async def desk_says(self, where: str, text: str) -> None:
        """Something posted under the desk's own name, as another process of the team might do."""

    async def press(self, who: str, spot: Spot, message: str, action: str, *, from_outside: bool = False) -> None:
        """A button; `from_outside` by somebody who is not in the channel, through a client that still shows it."""

    async def rate(self, who: str, spot: Spot, message: str, score: str) -> None:
        """Thumbs `up` or `down`."""

    async def fill_in(self, who: str, words: str) -> None:
        """Fill in the form that has opened for somebody, and send it."""

    async def close_form(self, who: str) -> None: ...

    async def command(self, who: str, where: str, text: str) -> None:
        """The desk's own command."""

    async def stop(self, who: str, spot: Spot) -> None:
        """Press whatever stops the answer here."""

    async def leave_staff(self, who: str) -> None: ...

    async def close_channel(self, where: str) -> None:
        """Nothing can be written there any more."""

    def new_staff_channel(self) -> str:
        """A second one; its id."""

    # what people see

    def conversation(self, spot: Spot) -> str:
        """The desk's own name for it."""

    def thread(self, spot: Spot) -> list[Shown]:
        """The first message and what hangs on it, oldest first; without what was deleted."""

    def channel(self, where: str) -> list[Shown]:
        """What stands in the channel itself, oldest first; without what was deleted."""

    def cards(self, where: str) -> list[Spot]:
        """The cards of tickets, oldest first."""

    def place(self, where: str) -> str:
        """The id of a place."""

    def whispers(self, who: str) -> list[str]:
        """What only this person was shown."""

    def form_of(self, who: str) -> bool:
        """Whether a form is open for this person."""

    def thinking(self, spot: Spot) -> bool:
        """Whether the customer is shown that the assistant is at work."""

    async def no_longer_thinking(self, spot: Spot) -> None:
        """Wait until that has gone, as it goes here."""

    def leads_to(self, link: str, spot: Spot) -> bool:
        """Whether the link opens the conversation."""

    def look(self) -> Looking: ...

    async def until(self, condition: Callable[[], bool], timeout: float) -> None: ...

    # what a platform does by itself

    def sent_by_desk(self) -> str:
        """Everything that the desk has sent so far, as text."""

    def times(self, operation: Operation) -> int:
        """How often the desk has done this so far."""

    def disliked(self) -> list[str]:
        """What the platform's specification does not allow, of all that the desk has sent."""

    def unused(self) -> list[str]:
        """What a desk that did everything should have done, and this one has not."""

    def goes_wrong(self, operation: Operation, trouble: Trouble, seconds: float = 0.0, times: int = 1) -> None:
        """The next operations of this kind."""

    def events(self, *, duplicate: int = 0, reorder: int = 0) -> None:
        """What happens to the next facts that the desk is told."""

    def nonsense(self) -> list[str]:
        """Tell the desk things that make no sense; what each is about."""

    async def tell_again(self) -> None:
        """Everything told so far, once more."""

    async def all_received(self) -> None:
        """Wait until the desk has taken whatever it was told."""

    async def nothing_acknowledged(self) -> bool: ...

    async def bring_again(self) -> None:
        """What the desk did not acknowledge is brought once more, in the way it is done here."""

    def failed(self) -> list[object]:
        """What people saw fail, and what the platform could not bring."""

    @property
    def not_stored(self) -> str:
        """The line of the desk's metrics that counts what it could not store."""

    def time_passes(self, seconds: float) -> None: ...

    async def connected(self) -> None:
        """Wait until the desk listens as it means to."""

    async def renew_connections(self) -> None:
        """The platform asks for new connections, as it does every few hours."""

    async def cut_connections(self) -> None: ...

    def refuse_connections(self, refuse: bool) -> None: ...

    # signed requests

    def over_http(self) -> dict[str, str]:
        """What a desk must be told besides, or no longer, to be reached by requests."""

    async def reach(self, address: str) -> None:
        """Everything that can come by request comes to the desk at this address."""

    def all_by_request(self) -> bool:
        """Whether everything that can come by request did."""

    @property
    def path(self) -> str:
        """Where the desk takes requests."""

    def request(self, text: str) -> bytes:
        """A request with these words, which nobody has written."""

    def signed(self, body: bytes, at: int | None = None) -> dict[str, str]:
        """Headers that prove where a request comes from."""

    def forged(self, body: bytes) -> list[dict[str, str]]:
        """Headers that do not."""
