"""A small pretend world around the desk, so that everything runs offline; it never imports the desk."""

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.model import ModelServer
from frontdesk.sandbox.sandbox import Sandbox
from frontdesk.sandbox.slack import SlackServer

__all__ = ["DiscordServer", "ModelServer", "Sandbox", "SlackServer"]
