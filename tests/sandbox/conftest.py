"""A sandbox Slack with the real SDK's client and app for it, and a sandbox Discord with a plain client."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from discord_client import Client
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

import discord_spec
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.slack import SlackServer


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
async def client(slack: SlackServer) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])


@pytest.fixture
def app(slack: SlackServer, client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(client=client, signing_secret=slack.signing_secret)


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server
        assert discord_spec.faults_of_events(server.guild.events.sent) == []


@pytest.fixture
async def rest(discord: DiscordServer) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(discord, session)
