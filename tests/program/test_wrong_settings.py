"""Every wrong setting is one clear line that names the setting and the mend."""

import socket
from collections.abc import Mapping

import pytest

from contracts.redis_servers import free_port, redis_on
from frontdesk.bootstrap import require_platform
from frontdesk.domain.errors import Misconfigured
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import GENERAL
from frontdesk.settings import load_settings
from program.children import Office, valkeys_in

REFUSED = {
    "a bot token Slack does not know": ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, ["SLACK_BOT_TOKEN", "OAuth & Permissions"]),
    "an app token Slack does not know": ({"SLACK_APP_TOKEN": "xapp-wrong"}, ["SLACK_APP_TOKEN", "connections:write"]),
    "no platform": ({"SLACK_BOT_TOKEN": None}, ["SLACK_BOT_TOKEN", "demo"]),
    "no staff channel": ({"FRONTDESK_STAFF_CHANNEL": None}, ["FRONTDESK_STAFF_CHANNEL", "slack:C0123"]),
    "an address of another machine": ({"FRONTDESK_HTTP": "192.0.2.1:0"}, ["FRONTDESK_HTTP", "choose a free host:port"]),
    "a Slack that is not there": ({"SLACK_API_URL": "http://127.0.0.1:1/api/"}, ["SLACK_API_URL"]),
    "a Redis that is not there": ({"REDIS_URL": "redis://:hidden@127.0.0.1:1/0"}, ["REDIS_URL", "is it running"]),
    "articles that are not there": ({"FRONTDESK_KNOWLEDGE": "nowhere"}, ["FRONTDESK_KNOWLEDGE", "nowhere"]),
    "a Redis address of another kind": ({"REDIS_URL": "localhost:6379"}, ["REDIS_URL", "redis://"]),
    "a Redis address that cannot be read": ({"REDIS_URL": "redis://127.0.0.1:port/0"}, ["REDIS_URL", "redis://"]),
}
"""Found by trying."""

MISREAD = {
    "a bot token of another kind": ({"SLACK_BOT_TOKEN": "secret-word"}, ["SLACK_BOT_TOKEN", "xoxb-"]),
    "an app token of another kind": ({"SLACK_APP_TOKEN": "secret-word"}, ["SLACK_APP_TOKEN", "xapp-"]),
    "neither way to hear Slack": ({"SLACK_APP_TOKEN": None}, ["SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"]),
    "a staff channel by name": ({"FRONTDESK_STAFF_CHANNEL": "#desk-staff"}, ["FRONTDESK_STAFF_CHANNEL", "slack:C0123"]),
    "a staff channel that is no id": ({"FRONTDESK_STAFF_CHANNEL": "slack:staff"}, ["FRONTDESK_STAFF_CHANNEL", "id"]),
    "channels by name": ({"FRONTDESK_CHANNELS": "support,help"}, ["FRONTDESK_CHANNELS", "support", "slack:C0123"]),
    "a channel of Slack as one of Discord": (
        {"FRONTDESK_CHANNELS": "slack:C0SUPPORT,discord:C0SUPPORT"},
        ["FRONTDESK_CHANNELS: `discord:C0SUPPORT`", "Copy Channel ID"],
    ),
    "a token of Discord that is none": (
        {"DISCORD_TOKEN": "secret-word"},
        ["DISCORD_TOKEN must be the bot's token"],
    ),
    "an address that is none": ({"FRONTDESK_HTTP": "8080"}, ["FRONTDESK_HTTP", "host:port"]),
    "a port beyond the last": ({"FRONTDESK_HTTP": "127.0.0.1:99999"}, ["FRONTDESK_HTTP", "host:port"]),
    "a Slack address that is none": ({"SLACK_API_URL": "slack"}, ["SLACK_API_URL", "https://slack.com/api/"]),
    "a model's address that is none": ({"OPENAI_BASE_URL": "somewhere"}, ["OPENAI_BASE_URL", "http"]),
    "a file that is not there": ({"FRONTDESK_CONFIG": "nowhere.toml"}, ["FRONTDESK_CONFIG", "nowhere.toml"]),
    "a level that is none": ({"FRONTDESK_LOG_LEVEL": "loud"}, ["FRONTDESK_LOG_LEVEL", "info"]),
    "a form of logs that is none": ({"FRONTDESK_LOG_FORMAT": "xml"}, ["FRONTDESK_LOG_FORMAT", "json"]),
}
"""Found by reading."""


async def test_what_names_its_variable_is_not_put_under_another_name(office: Office) -> None:
    line = _refusal({**office.settings, "FRONTDESK_CONFIG": _no_file(office), "DISCORD_TOKEN": "short"})
    assert line.startswith("DISCORD_TOKEN must be"), line


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_a_channel_of_a_platform_that_is_off_is_named_with_its_setting(office: Office, platform: str) -> None:
    channel, token = {"slack": ("slack:C1", "SLACK_BOT_TOKEN"), "discord": ("discord:1", "DISCORD_TOKEN")}[platform]
    on = {"DISCORD_TOKEN": "a-token-as-long-as-discord-s"} if platform == "slack" else office.settings
    settings = {**on, "FRONTDESK_CONFIG": _no_file(office), "FRONTDESK_STAFF_CHANNEL": channel}
    with pytest.raises(Misconfigured) as refused:
        require_platform(load_settings({**settings, "FRONTDESK_CHANNELS": ""}))
    assert f"FRONTDESK_STAFF_CHANNEL names {channel}, but {token} is not set" in str(refused.value)


@pytest.mark.parametrize("case", REFUSED)
async def test_a_wrong_setting_is_one_line_that_names_it_and_the_mend(office: Office, case: str) -> None:
    settings, told = REFUSED[case]
    line = await office.refused("run", **settings)
    assert all(words in line for words in told), line
    assert not any(secret in line for secret in ("xoxb-wrong", "xapp-wrong", "hidden"))


@pytest.mark.parametrize("case", MISREAD)
async def test_a_setting_that_cannot_be_meant_is_one_line(office: Office, case: str) -> None:
    settings, told = MISREAD[case]
    line = _refusal({**office.settings, "FRONTDESK_CONFIG": _no_file(office), **settings})
    assert all(words in line for words in told), line
    assert "secret-word" not in line


FILES = {
    "an unknown section": ("[dsek]\nname = 'x'\n", ["frontdesk.toml", "dsek"]),
    "an unknown key": ("[desk]\nnmae = 'x'\n", ["frontdesk.toml", "desk.nmae"]),
    "a value of another kind": ("[desk]\npassages = 'many'\n", ["frontdesk.toml", "desk.passages"]),
    "a value out of range": ("[slack]\nsockets = 99\n", ["frontdesk.toml", "slack.sockets"]),
    "a store without shards": ("[store]\nshards = 0\n", ["frontdesk.toml", "store.shards"]),
    "broken TOML": ("[desk\n", ["frontdesk.toml", "TOML", "line 1"]),
    "a broken expression": (
        "[[desk.extra_rules]]\nname = 'mine'\ncategory = 'legal'\npatterns = ['ok', '(lawyer']\n",
        ["frontdesk.toml", "desk.extra_rules.0.patterns.1", "(lawyer"],
    ),
    "a broken expression of frustration": (
        "[desk.frustration]\npatterns = ['[a-']\n",
        ["frontdesk.toml", "frustration", "[a-"],
    ),
    "rules that are no list": ("[desk]\nextra_rules = 5\n", ["frontdesk.toml", "extra_rules"]),
    "a section that is a word": ("desk = 'mine'\n", ["frontdesk.toml", "desk"]),
    "a route for no task": ("[routes.anwser]\nmodel = 'x'\n", ["frontdesk.toml", "routes.anwser"]),
    "a route with an address that is none": (
        "[routes.answer]\nmodel = 'x'\nbase_url = 'somewhere'\n",
        ["frontdesk.toml", "routes.answer.base_url", "http"],
    ),
    "a key that is not in the environment": (
        "[routes.answer]\nmodel = 'x'\napi_key_env = 'NOT_SET_KEY'\n",
        ["NOT_SET_KEY", "frontdesk.toml"],
    ),
}


@pytest.mark.parametrize("case", FILES)
async def test_a_wrong_file_is_one_line_that_names_the_place(office: Office, case: str) -> None:
    text, told = FILES[case]
    path = office.folder / "frontdesk.toml"
    path.write_text(text, encoding="utf-8")
    line = _refusal({**office.settings, "FRONTDESK_CONFIG": str(path)})
    assert all(words in line for words in told), line


async def test_a_broken_file_in_the_working_folder_is_one_line(office: Office) -> None:
    (office.folder / "frontdesk.toml").write_text("[desk\n", encoding="utf-8")
    line = await office.refused("run")
    assert "frontdesk.toml" in line
    assert "TOML" in line


async def test_a_file_that_is_not_utf8_is_one_line(office: Office) -> None:
    path = office.folder / "frontdesk.toml"
    path.write_bytes(b"[desk]\nname = '\xff'\n")
    assert "frontdesk.toml" in _refusal({**office.settings, "FRONTDESK_CONFIG": str(path)})


async def test_an_environment_file_that_is_not_utf8_is_one_line(office: Office) -> None:
    (office.folder / ".env").write_bytes(b"FRONTDESK_MODEL=\xff\n")
    assert ".env" in await office.refused("run")


async def test_an_empty_variable_counts_as_unset(office: Office) -> None:
    assert "SLACK_BOT_TOKEN is not set" in await office.refused("run", SLACK_BOT_TOKEN="", OPENAI_BASE_URL="")


async def test_a_staff_channel_that_anybody_can_read_is_one_line(office: Office) -> None:
    line = await office.refused("run", FRONTDESK_STAFF_CHANNEL="slack:CGENERAL")
    assert "FRONTDESK_STAFF_CHANNEL=CGENERAL is public" in line


async def test_a_staff_channel_on_discord_that_anybody_can_read_is_one_line(office: Office) -> None:
    async with DiscordServer() as discord:
        there = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
        line = await office.refused("run", **there, FRONTDESK_STAFF_CHANNEL=f"discord:{GENERAL}")
    assert f"FRONTDESK_STAFF_CHANNEL=discord:{GENERAL} is public" in line


async def test_a_taken_port_is_one_line(office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = await office.refused("run", FRONTDESK_HTTP=f"127.0.0.1:{port}", FRONTDESK_KNOWLEDGE=None)
    assert f"FRONTDESK_HTTP=127.0.0.1:{port}" in line
    assert "choose a free host:port" in line


async def test_a_redis_that_wants_another_password_is_one_line(office: Office) -> None:
    port = free_port()
    with redis_on(port, office.folder, "--requirepass", "right"):
        line = await office.refused("run", REDIS_URL=f"redis://:wrong-word@127.0.0.1:{port}/0")
        assert "REDIS_URL" in line
        assert "password" in line
        assert "wrong-word" not in line
        assert "password" in await office.refused("run", REDIS_URL=f"redis://127.0.0.1:{port}/0")


async def test_a_redis_that_is_something_else_is_one_line(office: Office) -> None:
    for url in (office.box.slack.api_url, office.box.page_url):
        line = await office.refused("run", REDIS_URL=url.replace("http://", "redis://").partition("/api")[0])
        assert "REDIS_URL" in line


async def test_a_redis_that_never_answers_is_one_line(office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        line = await office.refused("run", REDIS_URL=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
    assert "REDIS_URL" in line
    assert "is it running" in line


async def test_a_folder_without_articles_is_one_line(office: Office) -> None:
    empty = office.folder / "articles"
    empty.mkdir()
    (empty / "broken.md").write_bytes(b"\xff\xfe")
    line = await office.refused("run", FRONTDESK_KNOWLEDGE=str(empty))
    assert "FRONTDESK_KNOWLEDGE" in line
    assert "broken.md: not UTF-8" in line


async def test_a_data_folder_that_is_a_file_is_one_line(office: Office) -> None:
    (office.folder / "file").write_text("", encoding="utf-8")
    for folder in ("file", "file/below", "/proc/frontdesk"):
        line = await office.refused("run", FRONTDESK_DATA_DIR=folder)
        assert "FRONTDESK_DATA_DIR" in line
        assert "REDIS_URL" in line


async def test_a_data_folder_in_use_is_one_line_and_the_desk_in_it_goes_on(office: Office) -> None:
    desk = await office.run(FRONTDESK_DATA_DIR="data")
    line = await office.refused("run", FRONTDESK_DATA_DIR="data")
    assert "FRONTDESK_DATA_DIR" in line
    assert f"process {desk.process.pid}" in line
    asked = await office.ask("How can I return an item?")
    await office.answered(asked, "[1]")
    assert await desk.drained() == 0
    assert valkeys_in(office.folder) == []


async def test_an_unknown_command_is_named(office: Office) -> None:
    code, child = await office.command("nonsense")
    assert code == 2
    assert "No such command 'nonsense'" in child.err
    assert "Traceback" not in child.err


async def test_a_model_that_is_not_there_does_not_keep_customers_from_people(office: Office) -> None:
    address = f"http://127.0.0.1:{free_port()}/v1"
    desk = await office.run(OPENAI_BASE_URL=address)
    asked = await office.ask("How can I return an item?")
    await office.workspace.until(lambda: bool(office.workspace.history("CSTAFF")), timeout=60.0)
    await office.answered(asked)
    assert await desk.drained() == 0
    code, check = await office.command("check", OPENAI_BASE_URL=address)
    assert code == 1
    (line,) = [line for line in check.out.splitlines() if line.startswith("FAIL")]
    assert "model" in line
    assert "OPENAI_BASE_URL" in line


def _no_file(office: Office) -> str:
    path = office.folder / "empty.toml"
    path.write_text("", encoding="utf-8")
    return str(path)


def _refusal(settings: Mapping[str, str | None]) -> str:
    with pytest.raises(Misconfigured) as refused:
        load_settings({name: value for name, value in settings.items() if value is not None})
    line = str(refused.value)
    assert "\n" not in line
    return line
