"""Discord's intake: one dispatcher behind the gateway and HTTP interactions, which counts only what is stored."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from aiohttp import web

from frontdesk.adapters.discord import parse, wire
from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.adapters.discord.catchup import CatchUp
from frontdesk.adapters.discord.channels import Channels
from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.files import Fetch
from frontdesk.adapters.discord.gateway import Gateway
from frontdesk.adapters.discord.interactions import Interactions
from frontdesk.adapters.discord.manifest import PERMISSIONS
from frontdesk.adapters.discord.pacing import Pacer
from frontdesk.adapters.discord.places import Places
from frontdesk.adapters.discord.platform import DiscordChat
from frontdesk.adapters.discord.register import register
from frontdesk.domain.errors import DeskError, Misconfigured, Retry, Unreadable
from frontdesk.domain.events import Event
from frontdesk.domain.ids import Platform
from frontdesk.domain.messages import Thread
from frontdesk.domain.people import Person
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry
