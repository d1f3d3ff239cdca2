"""Messages, the places they stand in, and what the desk may say."""

from typing import Annotated, Literal

from pydantic import Field

from frontdesk.domain.ids import ConversationId, Platform
from frontdesk.domain.knowledge import Citation
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Card
from frontdesk.domain.value import Value


class Thread(Value):
    """An address on a platform; never the record of what was said there."""

    platform: Platform
    community: str
    """The workspace or server that the desk is installed in."""
    channel: str
    root: str | None = None
    """The message the thread hangs on; None for the channel itself."""
    direct: bool = False
    """True in a direct message between one person and the desk."""

    @property
    def conversation(self) -> ConversationId:
        """The conversation whose home is this thread."""
        return ConversationId(f"{self.platform}:{self.community}:{self.channel}:{self.root or '-'}")

    @property
    def channel_key(self) -> str:
        """The channel alone, as configuration spells it: `slack:C0123`."""
        return f"{self.platform}:{self.channel}"


class MessageRef(Value):
    """Where one message stands."""

    thread: Thread
    id: str
    """The platform's message id (Slack: `ts`), unique within the channel."""


class Attachment(Value):
    """A file that came with a message; the bytes stay on the platform until they are needed."""

    id: str
    name: str
    media_type: str = "application/octet-stream"
    size: int = 0
    """Bytes, as the platform states it."""
    url: str = ""
    """Where the bytes can be fetched with the desk's own credentials; some platforms let addresses run out."""
    platform: Platform = "slack"
    """Who has the bytes."""
    channel: str = ""
    message: str = ""
    """Where it was posted, for platforms that give a new address only with the message."""


class Message(Value):
    """What a person wrote, in Markdown without any platform's own syntax."""

    id: str
    author: Person
    text: str
    attachments: tuple[Attachment, ...] = ()
    mentions_others: bool = False
    """True when the text addresses people other than the assistant."""
    order: int
    """The platform's own order within a channel: microseconds since the epoch."""


Action = Literal["claim", "handback", "resolve", "ask_person", "rate_up", "rate_down"]
"""What a button, or a form behind it, asks for."""


class Button(Value):
    """Something to press below a message."""

    action: Action
    label: str
    value: str = ""
    """Carried back when the button is pressed; at most 200 characters, never trusted."""
    style: Literal["plain", "primary", "danger"] = "plain"


class Reply(Value):
    """The assistant's own words to a customer."""

    kind: Literal["reply"] = "reply"
    markdown: str
    citations: tuple[Citation, ...] = ()
    buttons: tuple[Button, ...] = ()
    rateable: bool = False
    """True adds thumbs up and down."""
    language: str = "en"
    """ISO 639-1 code of the words, for the few labels a platform adds."""


class Relay(Value):
    """A person's words carried to the other side of the desk, under that person's name."""

    kind: Literal["relay"] = "relay"
    name: str
    image: str | None = None
    markdown: str
    attachments: tuple[Attachment, ...] = ()


class Line(Value):
    """A short line for staff in a ticket's thread: what happened, not what anybody said."""

    kind: Literal["line"] = "line"
    markdown: str


Content = Annotated[Reply | Relay | Line | Card, Field(discriminator="kind")]
"""Everything the desk may post."""
