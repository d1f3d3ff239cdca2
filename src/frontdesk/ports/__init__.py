"""What the desk needs from the outside, in its own words."""

from frontdesk.ports.chat import Chat, Chats, ReplyStream
from frontdesk.ports.clock import Clock
from frontdesk.ports.library import Library, Shelf
from frontdesk.ports.model import Model
from frontdesk.ports.store import Mailbox, Records, Store
from frontdesk.ports.telemetry import Telemetry
from frontdesk.ports.toolbox import Toolbox

__all__ = [
    "Chat",
    "Chats",
    "Clock",
    "Library",
    "Mailbox",
    "Model",
    "Records",
    "ReplyStream",
    "Shelf",
    "Store",
    "Telemetry",
    "Toolbox",
]
