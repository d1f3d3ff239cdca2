"""What a notebook promises: small facts outlive the process, and go in time."""

import pytest

from contracts.redis_servers import OpenConnection
from frontdesk.adapters.redis.notebook import RedisNotebook
from frontdesk.ports.notebook import Notebook


@pytest.fixture
async def notebook(open_connection: OpenConnection) -> Notebook:
    return RedisNotebook(await open_connection())


async def test_what_was_never_written_is_not_there(notebook: Notebook) -> None:
    assert await notebook.get("a") is None


async def test_what_is_written_is_read_by_every_process(notebook: Notebook, open_connection: OpenConnection) -> None:
    await notebook.put("a", "ümlaut", 60)
    assert await RedisNotebook(await open_connection()).get("a") == "ümlaut"


async def test_the_last_word_counts(notebook: Notebook) -> None:
    await notebook.put("a", "one", 60)
    await notebook.put("a", "two", 60)
    assert await notebook.get("a") == "two"


async def test_a_fact_can_be_forgotten(notebook: Notebook) -> None:
    await notebook.put("a", "one", 60)
    await notebook.forget("a")
    assert await notebook.get("a") is None


async def test_every_fact_goes_in_time(notebook: Notebook, open_connection: OpenConnection) -> None:
    await notebook.put("a", "one", 60)
    await notebook.add("b", 1, 60)
    connection = await open_connection()
    for name in ("a", "b"):
        left = await connection.do("PTTL", f"fd:note:{name}")
        assert isinstance(left, int)
        assert 0 < left <= 60_000


async def test_a_count_adds_up_and_keeps_its_time(notebook: Notebook, open_connection: OpenConnection) -> None:
    assert await notebook.add("calls", 3, 60) == 3
    assert await notebook.add("calls", 2, 3600) == 5
    left = await (await open_connection()).do("PTTL", "fd:note:calls")
    assert isinstance(left, int)
    assert left <= 60_000
