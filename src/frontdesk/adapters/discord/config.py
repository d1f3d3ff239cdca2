"""What the Discord adapter needs to be told."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class DiscordConfig(BaseModel):
    """Token and switches; every refusal names the setting and the mend."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr
    """The bot's token."""
    api_url: str = "https://discord.com/api/v10"
    staff_channel: str | None = None
    """Id of the private text channel or forum that staff work from, when it is on Discord."""
    channels: tuple[str, ...] = ()
    """Ids of the channels and forums in which a question is answered unasked, or `*`; where to look after an outage."""
    servers: tuple[str, ...] = ()
    """Ids of the servers in which the desk listens; empty = wherever it was invited."""
    message_content: bool = True
    """False: the app goes without the Message Content intent."""
    threads: Literal["public", "private"] = "public"
    """What is opened on a customer's question in a text channel."""
    staff_names: bool = True
    """Carry staff's words to the customer under their own name and picture, by webhook, where that is possible."""
    solved_tag: str = "solved"
    """Name of the forum tag that a resolved post gets, if the forum has it."""
    shards: int = Field(default=1, ge=1)
    shard_ids: tuple[int, ...] = ()
    """The shards of this process; empty = all."""
    timeout: float = Field(default=10.0, gt=0)
    """Seconds a REST call may take."""

    @field_validator("token")
    @classmethod
    def _is_a_token(cls, token: SecretStr) -> SecretStr:
        text = token.get_secret_value()
        if text.lower().startswith("bot "):
            raise ValueError("DISCORD_TOKEN must be the token alone, without `Bot ` in front")
        if any(c.isspace() or not c.isascii() for c in text) or len(text) < 20:
            raise ValueError("DISCORD_TOKEN must be the bot's token: copy it from the Bot page of the app")
        return token

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("DISCORD_API_URL must be an address such as https://discord.com/api/v10")
        return url.rstrip("/")

    @field_validator("staff_channel")
    @classmethod
    def _is_a_channel(cls, channel: str | None) -> str | None:
        if channel is not None and not channel.isdigit():
            raise ValueError(
                "FRONTDESK_STAFF_CHANNEL must name a channel by its id, such as discord:1234567890 "
                "(turn on Developer Mode, then right-click the channel: Copy Channel ID)"
            )
        return channel
