"""Settings: the only reader of the environment and of `frontdesk.toml`; made of each adapter's own configuration."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.openai.config import HttpAddress, ModelConfig
from frontdesk.adapters.ops.logs import LogFormat
from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.slack.config import SlackConfig
from frontdesk.core.configuration import DeskConfig
from frontdesk.domain.errors import Misconfigured
from frontdesk.domain.policy import Rule, Speaking
from frontdesk.ports.model import Task


class Environment(BaseSettings):
    """Every environment variable the program reads; `.env` in the working folder counts too."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    redis_url: SecretStr | None = Field(
        None, validation_alias="REDIS_URL", description="Redis or Valkey. Unset: the desk starts its own."
    )
    slack_bot_token: SecretStr | None = Field(
        None, validation_alias="SLACK_BOT_TOKEN", description="Slack: xoxb-… Unset: Slack is off."
    )
    slack_app_token: SecretStr | None = Field(
        None, validation_alias="SLACK_APP_TOKEN", description="Slack: xapp-…, turns on Socket Mode."
    )
    slack_signing_secret: SecretStr | None = Field(
        None, validation_alias="SLACK_SIGNING_SECRET", description="Slack: turns on HTTP mode at /slack/events."
    )
    slack_api_url: str = Field(
        "https://slack.com/api/", validation_alias="SLACK_API_URL", description="Slack: base of the Web API."
    )
    discord_token: SecretStr | None = Field(
        None, validation_alias="DISCORD_TOKEN", description="Discord: the bot's token. Unset: Discord is off."
    )
    discord_api_url: str = Field(
        "https://discord.com/api/v10", validation_alias="DISCORD_API_URL", description="Discord: base of the REST API."
    )
    openai_api_key: SecretStr | None = Field(
        None, validation_alias="OPENAI_API_KEY", description="Key of the model endpoint."
    )
    openai_base_url: HttpAddress | None = Field(
        None, validation_alias="OPENAI_BASE_URL", description="Any OpenAI-compatible endpoint. Unset: OpenAI."
    )
    model: str = Field("gpt-4o-mini", validation_alias="FRONTDESK_MODEL", description="The model, for every task.")
    staff_channel: str | None = Field(
        None,
        validation_alias="FRONTDESK_STAFF_CHANNEL",
        description="The private staff channel, on either platform: slack:C0123 or discord:1234 (a forum works too).",
    )
    channels: str = Field(
        "",
        validation_alias="FRONTDESK_CHANNELS",
        description="Where questions are answered without a mention: slack:C0123,discord:1234 or * for everywhere.",
    )
    knowledge: Path | None = Field(
        None, validation_alias="FRONTDESK_KNOWLEDGE", description="Folder or file of articles, read at the start."
    )
    config: Path = Field(
        Path("frontdesk.toml"), validation_alias="FRONTDESK_CONFIG", description="Everything structured."
    )
    data_dir: Path = Field(
        Path(".frontdesk"), validation_alias="FRONTDESK_DATA_DIR", description="Folder of the desk's own store."
    )
    http: str = Field(
        "127.0.0.1:8080",
        validation_alias="FRONTDESK_HTTP",
        description="host:port of /healthz, /readyz, /metrics, /slack/events and /discord/interactions.",
    )
    log_format: LogFormat = Field("auto", validation_alias="FRONTDESK_LOG_FORMAT", description="auto, json or console.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", validation_alias="FRONTDESK_LOG_LEVEL", description="debug, info, warning or error."
    )


class _Given(Environment):
    """The same from the values given, and from nowhere else: a demo must not touch what the machine is set up for."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DeskSection(DeskConfig):
    """How the desk behaves, and rules that stand in front of the built-in ones."""

    extra_rules: tuple[Rule, ...] = ()
    """Hard rules of the team's own; unlike `rules` they leave the built-in ones in force."""


class RouteSection(_Section):
    """A model of its own for one task."""

    model: str = Field(min_length=1)
    """The model's name at its endpoint."""
    base_url: HttpAddress | None = None
    """An endpoint of its own; the common key is never sent there."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; the key itself never stands in the file."""


class SlackSection(_Section):
    sockets: int = Field(default=2, ge=1, le=10)
    """Socket Mode connections of one process; Slack allows ten for an app."""
    timeout: float = Field(default=10.0, gt=0)
    """Seconds a call of the Web API may take."""
    native_streaming: Literal["auto", "never"] = "auto"
    """`never` always grows an answer by editing a message."""


class DiscordSection(_Section):
    message_content: bool = True
    """`false`: works without the Message Content intent, through mentions, direct messages, replies and commands."""
    threads: Literal["public", "private"] = "public"
    """What is opened on a customer's question in a text channel."""
    staff_names: bool = True
    """Staff's words reach customers under their own name and picture; `false`: under the desk's."""
    servers: tuple[str, ...] = ()
    """Ids of the servers in which the desk listens. Empty: every server that it was invited to."""
    solved_tag: str = "solved"
    """Name of the forum tag that a resolved post gets, where the forum has it."""
    shards: int = Field(default=1, ge=1)
    """Shards of the gateway, for bots in very many servers."""
    shard_ids: tuple[int, ...] = ()
    """The shards of this process; empty: all of them."""
    timeout: float = Field(default=10.0, gt=0)
    """Seconds a call of the REST API may take."""


class StoreSection(_Section):
    shards: int = Field(default=4, ge=1, le=256)
    """Hash slots that conversations are spread over; fixed by the first process that uses a database."""
    retention_days: float = Field(default=90.0, gt=0)
    """How long a conversation is kept after the last thing that happened in it."""
    lease_seconds: float = Field(default=15.0, gt=0)
    """How long a worker that says nothing keeps a conversation."""


class WorkerSection(_Section):
    turns_at_once: int = Field(default=64, ge=1, le=4096)
    """Turns that one process works on at the same time."""
    drain_seconds: float = Field(default=30.0, ge=0)
    """How long a stopping process may finish the turns in hand."""


class File(_Section):
    """`frontdesk.toml`."""

    desk: DeskSection = DeskSection()
    routes: Mapping[Task, RouteSection] = Field(default_factory=dict)
    slack: SlackSection = SlackSection()
    discord: DiscordSection = DiscordSection()
    store: StoreSection = StoreSection()
    worker: WorkerSection = WorkerSection()


class Settings(BaseModel):
    """Everything the program was told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    desk: DeskConfig
    store: RedisConfig
    model: ModelConfig
    slack: SlackConfig | None
    discord: DiscordConfig | None
    worker: WorkerSection
    knowledge: Path | None
    http: str
    log_format: LogFormat
    log_level: str


def load_settings(overrides: Mapping[str, str] | None = None) -> Settings:
    """Read the environment (or only `overrides`) and the file it names.

    Raises Misconfigured with one line that names the setting and the mend.
    """
    environment = _environment(overrides)
    file = _file(environment.config, required="FRONTDESK_CONFIG" in (overrides or os.environ))
    if not _is_address(environment.http):
        raise Misconfigured(f"FRONTDESK_HTTP={environment.http}: must be host:port, such as 127.0.0.1:8080")
    speaking = Speaking(
        channels=_channels(environment.channels), staff_channel=_staff_channel(environment.staff_channel)
    )
    return Settings(
        desk=_desk(file.desk, speaking),
        store=RedisConfig(url=environment.redis_url, data_dir=environment.data_dir, **file.store.model_dump()),
        model=_model(environment, file, overrides or os.environ),
        slack=_slack(environment, file, speaking),
        discord=_discord(environment, file, speaking),
        worker=file.worker,
        knowledge=environment.knowledge,
        http=environment.http,
        log_format=environment.log_format,
        log_level=environment.log_level,
    )


def env_example() -> str:
    """The text of `.env.example`."""
    lines = ["# Copy to .env and fill in what you use. Generated: `frontdesk settings --env-example`.", ""]
    for field in Environment.model_fields.values():
        default = "" if field.default is None else str(field.default)
        lines += [f"# {field.description}", f"#{field.validation_alias}={default}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _environment(overrides: Mapping[str, str] | None) -> Environment:
    try:
        if overrides is None:
            return Environment()
        return _Given.model_validate(dict(overrides))
    except ValidationError as error:
        raise Misconfigured(_line(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f".env cannot be read ({type(error).__name__}): it must be a text file in UTF-8") from None


def _file(path: Path, *, required: bool) -> File:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if required:
            raise Misconfigured(f"FRONTDESK_CONFIG={path}: there is no such file") from None
        return File()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"FRONTDESK_CONFIG={path}: cannot be read ({type(error).__name__})") from None
    try:
        return File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{path}: not valid TOML: {error}") from None
    except ValidationError as error:
        raise Misconfigured(f"{path}: {_line(error)}") from None


def _desk(section: DeskSection, speaking: Speaking) -> DeskConfig:
    told = {name: getattr(section, name) for name in DeskConfig.model_fields}
    return DeskConfig(**{**told, "rules": (*section.extra_rules, *section.rules), "speaking": speaking})


def _model(environment: Environment, file: File, names: Mapping[str, str]) -> ModelConfig:
    routes = {
        task: {"model": route.model, "base_url": route.base_url, "api_key": _key(route, names)}
        for task, route in file.routes.items()
    }
    return ModelConfig.model_validate(
        {
            "model": environment.model,
            "base_url": environment.openai_base_url,
            "api_key": environment.openai_api_key,
            "routes": routes,
        }
    )


def _key(route: RouteSection, names: Mapping[str, str]) -> str | None:
    if route.api_key_env is None:
        return None
    key = names.get(route.api_key_env)
    if not key:
        raise Misconfigured(f"{route.api_key_env} is not set, but frontdesk.toml takes a route's key from it")
    return key


def _slack(environment: Environment, file: File, speaking: Speaking) -> SlackConfig | None:
    if environment.slack_bot_token is None:
        return None
    staff = speaking.staff_channel or ""
    try:
        return SlackConfig(
            bot_token=environment.slack_bot_token,
            app_token=environment.slack_app_token,
            signing_secret=environment.slack_signing_secret,
            api_url=environment.slack_api_url,
            staff_channel=staff.removeprefix("slack:") if staff.startswith("slack:") else None,
            **file.slack.model_dump(),
        )
    except ValidationError as error:
        raise Misconfigured(_line(error)) from None


def _discord(environment: Environment, file: File, speaking: Speaking) -> DiscordConfig | None:
    if environment.discord_token is None:
        return None
    staff = speaking.staff_channel or ""
    try:
        return DiscordConfig(
            token=environment.discord_token,
            api_url=environment.discord_api_url,
            staff_channel=staff.removeprefix("discord:") if staff.startswith("discord:") else None,
            channels=tuple(
                name.removeprefix("discord:")
                for name in speaking.channels
                if name == "*" or name.startswith("discord:")
            ),
            **file.discord.model_dump(),
        )
    except ValidationError as error:
        raise Misconfigured(_line(error)) from None


def _channels(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name != "*" and not _is_channel(name):
            raise Misconfigured(
                f"FRONTDESK_CHANNELS: `{name}` is not a channel; write slack:C0123, discord:1234 or *, "
                "with commas between several"
            )
        if name.startswith("discord:") and not name.removeprefix("discord:").isdigit():
            raise Misconfigured(
                f"FRONTDESK_CHANNELS: `{name}` is not the id of a channel on Discord, such as discord:1234567890 "
                "(turn on Developer Mode, then right-click the channel: Copy Channel ID)"
            )
    return names


def _staff_channel(name: str | None) -> str | None:
    if name is None or not name.strip():
        return None
    if not _is_channel(name.strip()):
        raise Misconfigured(
            f"FRONTDESK_STAFF_CHANNEL={name}: write slack:C0123 or discord:1234, the id of the private staff channel"
        )
    return name.strip()


def _is_channel(name: str) -> bool:
    platform, _, channel = name.partition(":")
    return platform in ("slack", "discord") and channel.isalnum()


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isdigit() and int(port) < 65536


def _line(error: ValidationError) -> str:
    """The first problem in one line, without the value: it may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if message.partition(" ")[0].isupper():  # it names the environment's variable, which is what the reader knows
        return message
    if first["type"] == "extra_forbidden":
        message = "there is no such setting; docs/configuration.md lists all of them"
    return f"{where}: {message}" if where and not where.islower() else (f"[{where}] {message}" if where else message)


TASKS: tuple[str, ...] = get_args(Task)
