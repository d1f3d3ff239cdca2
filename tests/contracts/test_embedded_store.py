"""What the desk's own Valkey promises, tried with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import ConnectionError as RedisConnectionError
from redis import Redis

from contracts.redis_servers import PATIENCE, Notebook
from contracts.test_store import claimed, posted, receive, texts
from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.redis.connection import connect
from frontdesk.adapters.redis.embedded import EmbeddedValkey
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.domain.errors import Misconfigured

_STARTS = """
import signal, sys
from pathlib import Path
from redis import ConnectionError as RedisConnectionError
from redis import Redis
from frontdesk.adapters.redis.embedded import EmbeddedValkey
store = EmbeddedValkey.start_now(Path(sys.argv[1]))
client = Redis.from_url(store.url)
def sit():
    print(store.url, client.info("server")["process_id"], flush=True)
    sys.stdin.read()
"""
_SITS = _STARTS + "sit()\n"
_DRAINS = (
    _STARTS
    + """
try:
    sit()
except KeyboardInterrupt:
    for _ in range(500):
        client.incr("drained")
    print("drained", client.get("drained").decode(), flush=True)
    client.close()
    store.stop()
"""
)


@contextmanager
def desk(program: str, folder: Path) -> Iterator[tuple["subprocess.Popen[str]", str, int]]:
    """A desk in a process group of its own, the address of its store, and the process the store runs in."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stderr is not None
    with process, process.stdout, process.stderr:
        url, server = process.stdout.readline().split()
        yield process, url, int(server)
        process.kill()


def gone(process: int) -> bool:
    """Waits for a process that is not a child of ours."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
    return False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_a_desk_that_ends_leaves_no_store_behind(tmp_path: Path, how: signal.Signals) -> None:
    with desk(_SITS, tmp_path) as (process, _, server):
        process.send_signal(how)
        process.wait(PATIENCE)
        assert gone(server)


def test_ctrl_c_leaves_the_store_alive_until_the_desk_is_done(tmp_path: Path) -> None:
    with desk(_DRAINS, tmp_path) as (process, _, server):
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=PATIENCE * 4)
        assert (out, errors) == ("drained 500\n", "")
        assert gone(server)


def test_a_desk_that_was_killed_is_followed_by_one_that_has_its_data(tmp_path: Path) -> None:
    with desk(_SITS, tmp_path) as (process, url, _):
        with Redis.from_url(url) as client:
            client.set("kept", "yes")
        process.kill()
        process.wait(PATIENCE)
        following = EmbeddedValkey.start_now(tmp_path)
    with Redis.from_url(following.url) as client:
        assert client.get("kept") == b"yes"
    following.stop()


async def test_a_second_process_may_join_a_running_desk(tmp_path: Path) -> None:
    config = RedisConfig(data_dir=tmp_path)
    with desk(_SITS, tmp_path) as (_, url, _):
        joined = await connect(config, join=True)
        await joined.do("SET", "kept", "yes")
        await joined.close()
        with Redis.from_url(url) as client:
            assert client.get("kept") == b"yes"


async def test_a_process_that_would_join_nobody_is_its_own_desk(tmp_path: Path) -> None:
    config = RedisConfig(data_dir=tmp_path)
    for _ in range(2):
        alone = await connect(config, join=True)
        assert await alone.doubts() == []
        await alone.close()


async def test_conversations_survive_a_restart(tmp_path: Path, notebook: Notebook) -> None:
    config = RedisConfig(data_dir=tmp_path / "data")
    store = RedisStore(await connect(config), notebook)
    await receive(store, posted(101))
    await store.close()
    store = RedisStore(await connect(config), notebook)
    assert texts(await claimed(store)) == ["at 101"]
    await store.close()


def test_two_desks_never_share_a_folder(tmp_path: Path) -> None:
    with desk(_SITS, tmp_path) as (process, url, _):
        began = time.monotonic()
        with pytest.raises(Misconfigured, match=f"another desk uses this folder .process {process.pid}.") as caught:
            EmbeddedValkey.start_now(tmp_path)
        assert time.monotonic() - began < PATIENCE
        assert "FRONTDESK_DATA_DIR" in str(caught.value)
        assert "\n" not in str(caught.value)
        with Redis.from_url(url) as client:
            assert client.ping()


def test_a_store_that_dies_is_started_again_with_its_data(tmp_path: Path) -> None:
    store = EmbeddedValkey.start_now(tmp_path)
    with Redis.from_url(store.url) as client:
        client.set("kept", "yes")
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
    with Redis.from_url(store.url) as client:
        assert _answer(client) == b"yes"
    store.stop()


def _answer(client: "Redis") -> bytes | None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            found = client.get("kept")
        except RedisConnectionError:
            continue
        assert isinstance(found, bytes)
        return found
    return None


@pytest.mark.parametrize("name", ["a folder with spaces", "a" * 120], ids=["spaces", "too long for a socket"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    store = EmbeddedValkey.start_now(tmp_path / name)
    with Redis.from_url(store.url) as client:
        assert client.ping()
    store.stop()
    assert (tmp_path / name / "appendonlydir").is_dir()


def test_a_folder_that_cannot_be_written_to_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Misconfigured, match=r"FRONTDESK_DATA_DIR .*/file/data: cannot be written to"):
        EmbeddedValkey.start_now(tmp_path / "file" / "data")


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"FRONTDESK_DATA_DIR .*: the disk is full \(\d+ MB left\)"):
        EmbeddedValkey.start_now(tmp_path, least_free_megabytes=10**9)


def test_broken_files_are_one_clear_line(tmp_path: Path) -> None:
    EmbeddedValkey.start_now(tmp_path).stop()
    manifest = next((tmp_path / "appendonlydir").glob("*.manifest"))
    manifest.write_text("junk\n")
    with pytest.raises(Misconfigured, match=r"Valkey did not start: .+") as caught:
        EmbeddedValkey.start_now(tmp_path)
    assert "\n" not in str(caught.value)


def test_nobody_else_on_the_machine_reaches_the_store(tmp_path: Path) -> None:
    store = EmbeddedValkey.start_now(tmp_path / "data")
    socket_path = Path(store.url.removeprefix("unix://"))
    assert socket_path.stat().st_mode & 0o077 == 0
    with Redis.from_url(store.url) as client:
        assert client.config_get("port") == {"port": "0"}
    store.stop()
