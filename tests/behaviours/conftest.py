"""A fresh desk on a fresh sandbox for each behaviour; one Valkey serves them all in turn."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.resources import files
from pathlib import Path

import pytest
import redis.asyncio
import structlog

from behaviours.discord_world import DiscordSide
from behaviours.manifest import MANIFEST
from behaviours.slack_world import SlackSide
from behaviours.surroundings import Surroundings
from behaviours.world import Articles, People, World
from frontdesk.adapters.ops.logs import set_up_logs
from frontdesk.adapters.redis.embedded import EmbeddedValkey
from frontdesk.bootstrap import running_desk
from frontdesk.sandbox import Sandbox
from frontdesk.settings import load_settings

SHOP = Path(str(files("frontdesk.sandbox") / "shop"))

Open = Callable[..., Awaitable[World]]
SIDES: dict[str, Callable[[Sandbox, str], Surroundings]] = {
    "slack": lambda box, _: SlackSide(box.slack),
    "discord": lambda box, store: DiscordSide(box.discord, store),
}
"""Each platform, as the behaviours see it."""
OTHER = {"slack": "discord", "discord": "slack"}
"""Where staff are when customers are here and the behaviour is one across both."""


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """As operators see them; what structlog does by itself draws every local variable of an error, for seconds."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    set_up_logs("json")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Valkey of the tests' own."""
    server = EmbeddedValkey.start_now(tmp_path_factory.mktemp("valkey"))
    yield server.url
    server.stop()


@pytest.fixture
async def empty_store(valkey: str) -> str:
    """The same address, with nothing in it."""
    client = redis.asyncio.Redis.from_url(valkey)
    await client.config_set("maxmemory", 0)  # a test that fails may leave it full
    await client.flushall()
    await client.aclose()
    return valkey


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test runs on every platform that the manifest names for its behaviour."""
    if "platform" not in metafunc.fixturenames:
        return
    shown = getattr(metafunc.function, "behaviour", None)
    only = getattr(metafunc.function, "only", None)
    platforms = next((row.platforms for row in MANIFEST if row.id == shown), ("slack",))
    across = str(shown).startswith("across.")
    places = [f"{name}-{OTHER[name]}" if across else name for name in platforms if only in (None, name)]
    metafunc.parametrize("platform", places)


def desk_environment(people: People, **environment: str) -> dict[str, str]:
    """A desk with the example shop's articles on this sandbox; `environment` overrides, an empty value leaves out."""
    names = {
        **people.environment(),
        "REDIS_URL": people.store,
        "OPENAI_API_KEY": people.model.api_key,
        "OPENAI_BASE_URL": people.model.base_url,
        "FRONTDESK_MODEL": "stand-in",
        "FRONTDESK_KNOWLEDGE": str(SHOP / "articles"),
        "FRONTDESK_CONFIG": str(SHOP / "frontdesk.toml"),
        "FRONTDESK_HTTP": "127.0.0.1:0",
        **environment,
    }
    return {name: value for name, value in names.items() if value}


@asynccontextmanager
async def a_desk(people: People, **environment: str) -> AsyncIterator[World]:
    """A running desk, told what `desk_environment` says."""
    settings = load_settings(desk_environment(people, **environment))
    async with running_desk(settings, show_traces=True) as program:
        yield World(people, program, settings)


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def people(box: Sandbox, empty_store: str, platform: str) -> People:
    """Customers and staff of the example shop, on one platform or on two; no desk runs yet."""
    names = platform.split("-")
    sides = {name: SIDES[name](box, empty_store) for name in names}
    return People(box, sides[names[0]], sides[names[-1]], empty_store)


@pytest.fixture
async def world(people: People) -> AsyncIterator[World]:
    """The example desk, open."""
    async with a_desk(people) as opened:
        yield opened


@pytest.fixture
async def open_desk(people: People) -> AsyncIterator[Open]:
    """Opens desks with settings of their own; all are closed at the end."""
    async with AsyncExitStack() as stack:

        async def opened(**environment: str) -> World:
            return await stack.enter_async_context(a_desk(people, **environment))

        yield opened


async def over_http(people: People, open_desk: Open) -> World:
    """A desk that the platform reaches by signed requests, as far as it can."""
    world = await open_desk(**people.customers.over_http())
    await world.customers.reach(world.program.address)
    return world


@pytest.fixture
def articles(tmp_path: Path) -> Articles:
    """Two articles about lamps, and whatever a test adds; a desk reads them when its FRONTDESK_KNOWLEDGE says so."""
    written = Articles(tmp_path / "articles")
    written.write("battery", "Changing the battery of a lamp", "The battery of every lamp lasts for nine months.")
    written.write("colours", "Colours of lamps", "Every lamp is available in green and in violet.")
    return written


@pytest.fixture
def desk_file(tmp_path: Path) -> Callable[[str], str]:
    """Writes a `frontdesk.toml` and gives back where it is, for FRONTDESK_CONFIG."""

    def written(text: str) -> str:
        path = tmp_path / "frontdesk.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written
