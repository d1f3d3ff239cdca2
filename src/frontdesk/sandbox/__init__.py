"""A small pretend world around the desk, so that everything runs offline; it never imports the desk."""

from frontdesk.sandbox.model import ModelServer
from frontdesk.sandbox.sandbox import Sandbox
from frontdesk.sandbox.slack import SlackServer

__all__ = ["ModelServer", "Sandbox", "SlackServer"]
