"""A Slack and a model you can run on a laptop, and a page that shows them."""

from frontdesk.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
