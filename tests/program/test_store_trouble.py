"""A Redis that dies, comes back, or is full: what was acknowledged is kept, and the operator is told."""

import json

from contracts.redis_servers import free_port, redis_on
from program.children import PATIENCE, Office

QUESTION = "Which payment methods do you accept?"
AOF = ("--appendonly", "yes", "--appendfsync", "always")


async def test_a_redis_that_dies_and_comes_back_loses_nothing(office: Office) -> None:
    port = free_port()
    store = f"redis://127.0.0.1:{port}/0"
    with redis_on(port, office.folder, *AOF):
        desk = await office.run(REDIS_URL=store, FRONTDESK_LOG_FORMAT="json")
        await office.answered(await office.ask(QUESTION), "[1]")
        office.box.model.hold(after=3)
        interrupted = await office.ask("How long does shipping within Germany take?", who="UBOB")
        await office.writing(2)
    status, page = await desk.page("/readyz")
    assert status == 503
    assert "store" in json.loads(page)["not_ready"]
    assert (await desk.page("/healthz"))[0] == 200
    assert (await desk.page("/metrics"))[0] == 200
    unheard = await office.workspace.say("UDANA", "CSUPPORT", "Do you ship to Austria?")
    office.box.model.release()
    await desk.until_said("store away")
    with redis_on(port, office.folder, *AOF):
        for asked in (interrupted, unheard):
            await office.answered(asked, timeout=3 * PATIENCE)
        again = await office.ask("How can I contact you?")
        await office.answered(again, timeout=PATIENCE)
        for asked in (interrupted, unheard, again):
            assert len(office.visible(asked)) == 1, [m.shown for m in office.visible(asked)]
        assert (await desk.page("/readyz"))[0] == 200
        assert await desk.drained() == 0
    assert "never retrieved" not in desk.err
    assert "Traceback" not in desk.err


async def test_a_full_redis_takes_nothing_that_it_cannot_keep(office: Office) -> None:
    port = free_port()
    with redis_on(port, office.folder, "--maxmemory-policy", "noeviction") as server:
        assert server.poll() is None
        store = f"redis://127.0.0.1:{port}/0"
        desk = await office.run(REDIS_URL=store, FRONTDESK_LOG_FORMAT="json")
        await _set(port, "1")
        asked = await office.ask(QUESTION)
        await desk.until(lambda: any("full" in json.dumps(line) for line in desk.logged))
        status, page = await desk.page("/readyz")
        assert status == 503
        assert "full" in json.loads(page)["not_ready"]["store"]
        assert office.visible(asked) == []
        await _set(port, "0")
        await office.answered(asked, "[1]", timeout=3 * PATIENCE)
        assert len(office.visible(asked)) == 1
        assert await desk.drained() == 0
    assert "never retrieved" not in desk.err


async def _set(port: int, most: str) -> None:
    import redis.asyncio

    client = redis.asyncio.Redis(port=port)
    await client.config_set("maxmemory", most)
    await client.aclose()
