"""Logs and metrics: enough to explain what happened, and not one word of a customer's."""

import json

from prometheus_client.parser import text_string_to_metric_families

from program.children import PATIENCE, Office

CANARIES = ("quokkamessage", "quokkaname", "quokkafile", "quokkastaff", "quokkanote", "quokkaedit", "quokkaarticle")


async def test_a_whole_conversation_leaves_no_word_in_the_logs_or_metrics(office: Office) -> None:
    articles = office.folder / "articles"
    articles.mkdir()
    (articles / "lamps.md").write_text("# Lamps\n\nThe quokkaarticle lamp is sold in green.\n", encoding="utf-8")
    key = "sk-quokkakey"
    office.box.model.api_key = key
    office.workspace.add_person("UQUOKKA", "quokkaname", real_name="Quokkaname Smith")
    await office.workspace.join("UQUOKKA", "CSUPPORT")
    desk = await office.run(
        FRONTDESK_LOG_LEVEL="debug",
        FRONTDESK_KNOWLEDGE=str(articles),
        OPENAI_API_KEY=key,
        OPENAI_LOG="debug",
        PYTHONWARNINGS="default",
    )
    asked = await office.ask("Which quokkamessage colour has the lamp?", who="UQUOKKA")
    await office.answered(asked)
    file = ("quokkafile.txt", b"quokkafile", "text/plain")
    await office.workspace.say(
        "UQUOKKA", "CSUPPORT", "quokkamessage: I want to talk to a person", thread_ts=asked.ts, files=[file]
    )
    await office.workspace.until(lambda: bool(office.workspace.history("CSTAFF")), timeout=PATIENCE)
    card = office.workspace.history("CSTAFF")[-1]
    await office.workspace.say("USAM", "CSTAFF", "// quokkanote", thread_ts=card.ts)
    await office.workspace.say("USAM", "CSTAFF", "quokkastaff speaking", thread_ts=card.ts)
    await office.answered(asked, "quokkastaff")
    last = await office.workspace.say("UQUOKKA", "CSUPPORT", "quokkamessage again", thread_ts=asked.ts)
    await office.workspace.until(
        lambda: any("again" in m.shown for m in office.workspace.thread("CSTAFF", card.ts)), timeout=PATIENCE
    )
    await office.workspace.edit("UQUOKKA", "CSUPPORT", last.ts, "quokkaedit")
    await office.workspace.until(
        lambda: any("quokkaedit" in m.shown for m in office.workspace.thread("CSTAFF", card.ts)), timeout=PATIENCE
    )
    status, metrics = await desk.page("/metrics")
    assert await desk.drained() == 0

    secrets = (key, office.box.slack.bot_token, office.box.slack.app_token)
    for written in (desk.err, desk.out, metrics):
        assert [word for word in (*CANARIES, *secrets) if word in written.casefold()] == []
    _logs_are_json(desk.err)
    for trouble in ("never retrieved", "Unclosed", "Traceback", "never awaited", "ResourceWarning"):
        assert trouble not in desk.err, desk.err
    assert status == 200
    families = {family.name: family for family in text_string_to_metric_families(metrics)}
    assert {"frontdesk_events", "frontdesk_turns", "frontdesk_tokens", "frontdesk_turn_seconds"} <= families.keys()
    assert sum(s.value for s in families["frontdesk_turns"].samples if s.name.endswith("_total")) >= 2
    for family in families.values():
        for sample in family.samples:
            for name, value in sample.labels.items():
                assert len(value) <= 80
                assert not any(part in value for part in ("UQUOKKA", "CSUPPORT", asked.ts)), (name, value)


def _logs_are_json(written: str) -> None:
    plain = ("articles: ", "ready: ", "stopping: ")
    lines = [line for line in written.splitlines() if not line.startswith(plain)]
    assert lines
    for line in lines:
        logged = json.loads(line)
        assert {"event", "level", "timestamp"} <= logged.keys()
