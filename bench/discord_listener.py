"""The least that discord.py can do: hears of messages and acknowledges presses; run as a process of its own."""

import asyncio
import os
import sys

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


class Listener(discord.Client):
    async def on_ready(self) -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    async def on_message(self, message: discord.Message) -> None:
        pass

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()


async def main() -> None:
    Route.BASE = os.environ["DISCORD_API_URL"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(Route.BASE).with_scheme("ws").with_path("/gateway/")
    intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)
    async with Listener(intents=intents, max_messages=None) as listener:
        await listener.start(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    asyncio.run(main())
