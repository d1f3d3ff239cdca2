"""A deterministic stand-in for an OpenAI-compatible model server: it follows rules and is not an AI."""

from frontdesk.sandbox.model.faults import Fault
from frontdesk.sandbox.model.script import Script
from frontdesk.sandbox.model.server import ModelServer

__all__ = ["Fault", "ModelServer", "Script"]
