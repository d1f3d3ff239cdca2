"""From a customer's question to the first visible words and to the whole answer, one question at a time."""

from bench.report import Table, milliseconds
from bench.visitors import visitors
from bench.world import desk, surroundings

DEFAULT_SETTLE = 0.4


async def measure(questions: int = 20) -> Table:
    rows: list[list[str | float]] = []
    async with surroundings(channels=questions + 2) as around:
        for settle in (DEFAULT_SETTLE, 0.0):
            async with desk(around, settle=settle), visitors(around.slack, around.channels) as there:
                await there.ask()
                began = len(around.slack.requests)
                visits = await there.ask_many(questions, at_once=1)
                calls = (len(around.slack.requests) - began) / questions
                firsts, finals = [v.to_first for v in visits], [v.to_final for v in visits]
                rows.append(
                    [
                        f"settle = {settle}",
                        *(milliseconds(times, share) for times in (firsts, finals) for share in (0.5, 0.99)),
                        calls,
                    ]
                )
    return Table(
        f"Event to answer, {questions} questions one after another",
        ["", "first words p50 ms", "p99", "whole answer p50 ms", "p99", "Slack calls/turn"],
        rows,
    )
