"""For all tests: programs get the signals that a terminal gives; the specification judges every local Discord."""

import signal

import discord_spec
from frontdesk.sandbox.discord import DiscordServer

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited from a shell that runs the tests in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

DiscordServer.everywhere = staticmethod(discord_spec.judge)
