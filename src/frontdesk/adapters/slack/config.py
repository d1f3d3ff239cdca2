"""What the Slack adapter needs to be told."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class SlackConfig(BaseModel):
    """Tokens and switches; every refusal names the setting and the mend."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bot_token: SecretStr
    """`xoxb-…`, acts in the workspace."""
    app_token: SecretStr | None = None
    """`xapp-…`, turns Socket Mode on."""
    signing_secret: SecretStr | None = None
    """Turns HTTP mode on: proves that a request comes from Slack."""
    api_url: str = "https://slack.com/api/"
    staff_channel: str | None = None
    """Id of the private channel that staff work from, when it is a Slack channel."""
    sockets: int = Field(default=2, ge=1, le=10)
    """Socket Mode connections of this process; Slack allows ten for an app."""
    timeout: float = Field(default=10.0, gt=0)
    """Seconds a call of the Web API may take."""
    native_streaming: Literal["auto", "never"] = "auto"

    @field_validator("bot_token")
    @classmethod
    def _is_a_bot_token(cls, token: SecretStr) -> SecretStr:
        if not token.get_secret_value().startswith(("xoxb-", "xoxe.xoxb-")):
            raise ValueError("SLACK_BOT_TOKEN must be the Bot User OAuth Token, which starts with xoxb-")
        return token

    @field_validator("app_token")
    @classmethod
    def _is_an_app_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not token.get_secret_value().startswith("xapp-"):
            raise ValueError("SLACK_APP_TOKEN must be an App-Level Token, which starts with xapp-")
        return token

    @field_validator("signing_secret")
    @classmethod
    def _is_a_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not secret.get_secret_value().strip():
            raise ValueError("SLACK_SIGNING_SECRET is empty: copy it from Basic Information, or leave it unset")
        return secret

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("SLACK_API_URL must be an address such as https://slack.com/api/")
        return url if url.endswith("/") else f"{url}/"

    @field_validator("staff_channel")
    @classmethod
    def _is_a_channel(cls, channel: str | None) -> str | None:
        if channel is not None and not (channel[:1] in ("C", "G") and channel.isalnum()):
            raise ValueError("FRONTDESK_STAFF_CHANNEL must name a channel by its id, such as slack:C0123ABCD")
        return channel

    @model_validator(mode="after")
    def _can_hear(self) -> Self:
        if self.app_token is None and self.signing_secret is None:
            raise ValueError("set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP mode")
        return self
