"""Starting, stopping, dying and sharing the work, with real processes."""

import signal

import pytest

from contracts.redis_servers import free_port, redis_on
from program.children import PATIENCE, Office, valkeys_in

QUESTION = "Which payment methods do you accept?"


async def test_a_desk_says_when_it_is_ready_and_answers(office: Office) -> None:
    desk = await office.run()
    assert await desk.page("/readyz") == (200, '{"ok": true, "not_ready": {}}')
    assert (await desk.page("/healthz"))[0] == 200
    await office.answered(await office.ask(QUESTION), "[1]")
    assert await desk.drained() == 0
    assert valkeys_in(office.folder) == []
    assert "Traceback" not in desk.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_first_interruption_lets_the_answer_be_finished(office: Office, number: signal.Signals) -> None:
    desk = await office.run()
    office.box.model.hold(after=3)
    asked = await office.ask(QUESTION)
    await office.writing()
    desk.signal(number)
    await desk.until_said("stopping")
    assert valkeys_in(office.folder) != []
    office.box.model.release()
    assert await desk.ended() == 0
    assert "[1]" in (await office.answered(asked)).shown
    assert len(office.visible(asked)) == 1
    assert valkeys_in(office.folder) == []
    assert "Traceback" not in desk.err


async def test_the_second_interruption_ends_at_once_and_the_answer_comes_after_the_restart(office: Office) -> None:
    desk = await office.run()
    office.box.model.hold(after=3)
    asked = await office.ask(QUESTION)
    await office.writing()
    desk.signal(signal.SIGINT)
    await desk.until_said("stopping")
    desk.signal(signal.SIGINT)
    assert await desk.ended(timeout=5.0) == 130
    assert "Traceback" not in desk.err
    assert valkeys_in(office.folder) == []
    office.box.model.release()
    again = await office.run()
    await office.answered(asked, "[1]")
    assert len(office.visible(asked)) == 1
    assert await again.drained() == 0


async def test_an_interruption_while_starting_ends_the_start(office: Office) -> None:
    desk = await office.start("run")
    await desk.until_said("articles:")
    desk.signal(signal.SIGINT)
    desk.signal(signal.SIGINT)
    assert await desk.ended() in (0, 130)
    assert "Traceback" not in desk.err
    assert valkeys_in(office.folder) == []


async def test_a_gateway_and_a_worker_answer_together(office: Office) -> None:
    port = free_port()
    with redis_on(port, office.folder):
        store = f"redis://127.0.0.1:{port}/0"
        gateway = await office.run("--role", "gateway", REDIS_URL=store)
        asked = await office.ask(QUESTION)
        worker = await office.run("--role", "worker", REDIS_URL=store)
        await office.answered(asked, "[1]")
        assert (await gateway.page("/readyz"))[0] == 200
        assert (await worker.page("/readyz"))[0] == 200
        assert await gateway.drained() == 0
        assert await worker.drained() == 0
    assert "Traceback" not in gateway.err + worker.err


async def test_two_workers_share_and_one_that_is_killed_is_stood_in_for(office: Office) -> None:
    (office.folder / "frontdesk.toml").write_text("[store]\nlease_seconds = 3\n[worker]\nturns_at_once = 1\n")
    port = free_port()
    with redis_on(port, office.folder):
        store = f"redis://127.0.0.1:{port}/0"
        gateway = await office.run("--role", "gateway", REDIS_URL=store)
        workers = [await office.run("--role", "worker", REDIS_URL=store) for _ in range(2)]
        office.box.model.hold(after=3)
        first = await office.ask(QUESTION, who="UALICE")
        second = await office.ask("How long does shipping within Germany take?", who="UBOB")
        await office.writing(2)
        workers[0].signal(signal.SIGKILL)
        assert await workers[0].ended() == -signal.SIGKILL
        office.box.model.release()
        for asked in (first, second):
            await office.answered(asked, "[1]", timeout=2 * PATIENCE)
        third = await office.ask("Do you ship to Austria?", who="UBOB")
        await office.answered(third, timeout=PATIENCE)
        for asked in (first, second):
            assert len(office.visible(asked)) == 1, [m.shown for m in office.visible(asked)]
        assert await gateway.drained() == 0
        assert await workers[1].drained() == 0


async def test_a_killed_desk_leaves_no_store_behind_and_finishes_after_the_restart(office: Office) -> None:
    (office.folder / "frontdesk.toml").write_text("[store]\nlease_seconds = 3\n")
    desk = await office.run()
    office.box.model.hold(after=3)
    asked = await office.ask(QUESTION)
    await office.writing()
    desk.signal(signal.SIGKILL)
    assert await desk.ended() == -signal.SIGKILL
    office.box.model.release()
    again = await office.run()
    await office.answered(asked, "[1]")
    assert len(office.visible(asked)) == 1
    assert await again.drained() == 0
    assert valkeys_in(office.folder) == []
