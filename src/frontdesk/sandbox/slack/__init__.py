"""A Slack you can run on a laptop: real HTTP, real WebSockets, nothing behind them."""

from frontdesk.sandbox.slack.faults import Fault
from frontdesk.sandbox.slack.server import SlackServer
from frontdesk.sandbox.slack.socket_mode import Ack
from frontdesk.sandbox.slack.values import Channel, File, Message, Person, Request, Session, View
from frontdesk.sandbox.slack.workspace import Workspace

__all__ = [
    "Ack",
    "Channel",
    "Fault",
    "File",
    "Message",
    "Person",
    "Request",
    "Session",
    "SlackServer",
    "View",
    "Workspace",
]
