"""The clock of the local Discord: the local Slack's, so that one clock can move both."""

from frontdesk.sandbox.slack.clock import Clock

__all__ = ["Clock"]
