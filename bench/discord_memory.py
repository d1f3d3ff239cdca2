"""What a thousand open conversations on Discord add to the desk's memory."""

import asyncio
from itertools import count

from bench.report import Table
from bench.visitors import QUESTIONS
from bench.world import Surroundings, desk, surroundings

CHANNELS = 64
FIRST_CUSTOMER = 1_200_000_000_000_000_000
ANSWERED_WITHIN = 60.0


async def measure(conversations: int = 450, steps: int = 2, at_once: int = 32) -> Table:
    """Fewer than a thousand in all: more threads than that are never open in one server."""
    rows: list[list[str | float]] = []
    async with surroundings(CHANNELS, platform="discord") as around, desk(around) as child:
        rows.append(["at its start", child.megabytes, "-"])
        await _ask_many(around, at_once, at_once)
        before = child.megabytes
        rows.append([f"after {at_once} conversations (all is loaded)", before, "-"])
        for step in range(1, steps + 1):
            await _ask_many(around, conversations, at_once)
            now = child.megabytes
            rows.append([f"after {step * conversations:,} more", now, (now - before) / conversations * 1000])
            before = now
    return Table("Resident memory on Discord", ["", "MB", "MB per 1,000 open"], rows)


async def _ask_many(around: Surroundings, questions: int, at_once: int) -> None:
    """So many questions, each in a thread of its own, never more than `at_once` of them not answered."""
    left = count()

    async def visitor() -> None:
        while next(left) < questions:
            await _ask(around)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, questions)):
            group.create_task(visitor())


async def _ask(around: Surroundings) -> None:
    """One question of somebody new: what one person writes in a row may be one question."""
    guild, number = around.discord.guild, len(around.discord.guild.people)
    customer = guild.add_person(str(FIRST_CUSTOMER + number), f"customer{number}").id
    channel = around.channels[number % len(around.channels)]
    asked = await guild.say(customer, channel, QUESTIONS[number % len(QUESTIONS)])

    def answered() -> bool:
        return asked.id in guild.channels and any(message.buttons for message in guild.messages(asked.id))

    await guild.until(answered, timeout=ANSWERED_WITHIN)
