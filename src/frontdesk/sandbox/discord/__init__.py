"""A Discord you can run on a laptop: real HTTP, real WebSockets, nothing behind them."""

from frontdesk.sandbox.discord.faults import Fault
from frontdesk.sandbox.discord.guild import Guild
from frontdesk.sandbox.discord.interactions import Ack
from frontdesk.sandbox.discord.server import DiscordServer
from frontdesk.sandbox.discord.values import Attachment, Channel, Message, Modal, Person, Request, Tag, Webhook

__all__ = [
    "Ack",
    "Attachment",
    "Channel",
    "DiscordServer",
    "Fault",
    "Guild",
    "Message",
    "Modal",
    "Person",
    "Request",
    "Tag",
    "Webhook",
]
