"""A chat platform, as the desk uses it."""

from collections.abc import Sequence
from typing import Literal, Protocol

from frontdesk.domain.ids import Platform
from frontdesk.domain.messages import Attachment, Content, MessageRef, Reply, Thread
from frontdesk.domain.people import Person

ThreadState = Literal["open", "waiting", "resolved"]
"""`waiting`: for staff."""


class ReplyStream(Protocol):
    """A reply that is being written where the customer can watch it.

    Nothing is lost at a failed flush, and a reply that outgrows a message or a stream's life goes on in the next
    one; the platform's budgets decide how often what was appended becomes visible.
    """

    @property
    def refs(self) -> tuple[MessageRef, ...]:
        """Where it stands so far, in order; empty until something is visible."""
        ...

    @property
    def visible(self) -> bool:
        """True from the moment on at which the customer may see something of it."""
        ...

    async def append(self, markdown: str) -> None:
        """More of the reply. Raises nothing of the platform's: trouble is kept for `finish`."""
        ...

    async def finish(self, reply: Reply) -> tuple[MessageRef, ...]:
        """Make what stands there exactly `reply`, whatever was appended before.

        Raises Undeliverable, Retry (nothing is visible) or Ambiguous.
        """
        ...

    def abandon(self) -> None:
        """Bring nothing more, and change nothing: somebody else goes on. Nothing happens after `finish` or `cut`."""
        ...

    async def cut(self, markdown: str) -> tuple[MessageRef, ...]:
        """End it as it stands with `markdown` as its last, short paragraph; never raises, may do nothing."""
        ...


class Chat(Protocol):
    """One platform. Every call that creates takes a `marker`, by which `find` knows it again."""

    @property
    def platform(self) -> Platform: ...

    @property
    def community(self) -> str:
        """The workspace or server the desk is installed in there."""
        ...

    async def post(
        self, thread: Thread, content: Content, marker: str, there: tuple[MessageRef, ...] = ()
    ) -> tuple[MessageRef, ...]:
        """Post once; several refs when it had to be split. `there`: its first parts, when an earlier try posted some.

        Raises Retry (not posted), Ambiguous (perhaps posted) or Undeliverable.
        """
        ...

    async def edit(
        self, ref: MessageRef, content: Content, more: tuple[MessageRef, ...] = (), *, without_files: bool = False
    ) -> None:
        """Make the message show `content`. Safe to repeat. Raises Retry or Undeliverable.

        `more`: the messages behind it that belong to it; those that are not needed any more are taken away.
        `without_files`: the files that came with it are taken away.
        """
        ...

    async def find(self, thread: Thread, marker: str) -> tuple[MessageRef, ...]:
        """The messages that were posted under this marker, in order; empty if there are none. Raises Retry."""
        ...

    def stream(self, thread: Thread, recipient: Person, marker: str) -> ReplyStream:
        """A reply to write piece by piece; nothing happens before the first `append`."""
        ...

    async def status(self, thread: Thread, text: str) -> None:
        """Show what the assistant is doing (`""` ends it). A courtesy: never raises."""
        ...

    async def whisper(self, thread: Thread, person: Person, markdown: str) -> None:
        """Tell one person something nobody else sees. Raises Retry or Undeliverable."""
        ...

    async def fetch(self, attachment: Attachment) -> bytes:
        """The bytes of a file that came with a message of this platform. Raises Retry or Undeliverable."""
        ...

    async def show_state(self, thread: Thread, state: ThreadState) -> None:
        """Let the thread itself show how its matter stands, where the platform can. A courtesy: never raises."""
        ...

    async def permalink(self, ref: MessageRef) -> str | None:
        """An address that opens the message; None when the platform has none. Never raises."""
        ...

    async def is_staff(self, person: Person) -> bool:
        """Whether the person is a member of the staff channel now. Raises Retry when nobody can tell."""
        ...

    async def introduce(self, person: Person) -> Person:
        """The person with name and picture looked up; as given when that fails. Never raises."""
        ...

    async def named(self, text: str) -> str:
        """Words that were written here, with people's names where they have only their ids. Never raises."""
        ...


class Chats(Protocol):
    """The platforms that are switched on."""

    def on(self, platform: Platform) -> Chat:
        """Raises Undeliverable for a platform that is off."""
        ...

    def all(self) -> Sequence[Chat]: ...
