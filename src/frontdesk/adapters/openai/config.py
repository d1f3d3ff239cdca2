"""Which model serves which task, and how it is reached."""

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from frontdesk.ports.model import Task

OPENAI: Final = "https://api.openai.com/v1"


def _checked(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as https://api.openai.com/v1")
    return address


HttpAddress = Annotated[str, AfterValidator(_checked)]
"""Where an OpenAI-compatible endpoint is."""


class RouteConfig(BaseModel):
    """A model of its own for one task."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1)
    base_url: HttpAddress | None = None
    api_key: SecretStr | None = None


class ModelConfig(BaseModel):
    """The model endpoint; `routes` overrides it task by task."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1)
    base_url: HttpAddress | None = None
    """None is OpenAI itself."""
    api_key: SecretStr | None = None
    routes: Mapping[Task, RouteConfig] = Field(default_factory=dict)

    def route(self, task: Task) -> RouteConfig:
        """Where this task goes, nothing left open but the key.

        The common key is never sent to an endpoint that only a route names.
        """
        own = self.routes.get(task)
        if own is None:
            return RouteConfig(model=self.model, base_url=self.base_url or OPENAI, api_key=self.api_key)
        elsewhere = own.base_url is not None and own.base_url != (self.base_url or OPENAI)
        key = own.api_key if own.api_key or elsewhere else self.api_key
        return RouteConfig(model=own.model, base_url=own.base_url or self.base_url or OPENAI, api_key=key)
