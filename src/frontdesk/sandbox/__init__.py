"""A small pretend world around the desk, so that everything runs offline; it never imports the desk."""

from frontdesk.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
