"""A desk as one process, and around it what it talks to: a local platform (here), a stand-in model and a Valkey."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from bench.process import Child, python
from frontdesk.adapters.redis.embedded import EmbeddedValkey
from frontdesk.domain.ids import Platform
from frontdesk.sandbox import SlackServer
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import STAFF
from frontdesk.sandbox.model.server import KEY

CUSTOMER, COLLEAGUE = "UALICE", "UBOB"
SHOP = Path(str(files("frontdesk.sandbox") / "shop"))


@dataclass(frozen=True)
class Surroundings:
    """Everything but the desk. The local Slack and Discord live in this process, which also makes the load."""

    platform: Platform
    """The one that the desk is on."""
    slack: SlackServer
    discord: DiscordServer
    model: Child
    store_url: str
    folder: Path
    channels: tuple[str, ...]
    """Served channels, so many that no limit of a single one is in the way."""


@asynccontextmanager
async def a_store() -> AsyncIterator[str]:
    """The address of an empty Valkey."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as name:
        valkey = await EmbeddedValkey.start(Path(name))
        try:
            yield valkey.url
        finally:
            await asyncio.to_thread(valkey.stop)


@asynccontextmanager
async def surroundings(channels: int = 1, platform: Platform = "slack") -> AsyncIterator[Surroundings]:
    """A platform without rate limits, a model without latency and an empty store, on loopback only."""
    async with (
        a_store() as store_url,
        SlackServer() as slack,
        DiscordServer() as discord,
        python(["-m", "frontdesk.sandbox.model"], "http://") as model,
    ):
        slack.enforce_tiers = discord.enforce_limits = False
        if platform == "slack":
            members = (CUSTOMER, COLLEAGUE, slack.bot_user_id)
            made = tuple(slack.workspace.add_channel(f"bench{n}", members=members).id for n in range(channels))
        else:
            made = tuple(discord.guild.add_channel("text", f"bench{n}").id for n in range(channels))
        with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
            yield Surroundings(platform, slack, discord, model, store_url, Path(folder), made)


def slack_environment(slack: SlackServer) -> Mapping[str, str]:
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
    }


def discord_environment(discord: DiscordServer) -> Mapping[str, str]:
    return {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}


@asynccontextmanager
async def desk(
    around: Surroundings,
    *,
    settle: float = 0.0,
    turns_at_once: int = 64,
    role: str = "all",
    own_store: bool = False,
    profile: Path | None = None,
) -> AsyncIterator[Child]:
    """`frontdesk run` as its own process; `own_store`: with a Valkey that it starts itself."""
    is_slack = around.platform == "slack"
    config = around.folder / "frontdesk.toml"
    desk = f"[desk]\nsettle = {settle}\nquestions_per_hour = 0\n"
    config.write_text(f"{desk}[worker]\nturns_at_once = {turns_at_once}\n", encoding="utf-8")
    environment = {
        **(slack_environment(around.slack) if is_slack else discord_environment(around.discord)),
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": around.model.said,
        "FRONTDESK_MODEL": "stand-in",
        "FRONTDESK_STAFF_CHANNEL": "slack:CSTAFF" if is_slack else f"discord:{STAFF}",
        "FRONTDESK_CHANNELS": "*",
        "FRONTDESK_KNOWLEDGE": str(SHOP / "articles"),
        "FRONTDESK_CONFIG": str(config),
        "FRONTDESK_HTTP": "127.0.0.1:0",
        "FRONTDESK_DATA_DIR": str(around.folder / "own"),
        "FRONTDESK_LOG_FORMAT": "json",
    }
    if not own_store:
        environment["REDIS_URL"] = around.store_url
    profiled = ["-m", "cProfile", "-o", str(profile)] if profile else []
    async with python([*profiled, "-m", "frontdesk", "run", "--role", role], "ready:", environment) as child:
        yield child
