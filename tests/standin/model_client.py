"""What the tests of the stand-in share: the real client, and requests worded as the desk words them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from typing import Any

from openai import AsyncOpenAI

from frontdesk.sandbox.model import ModelServer

RETURNS = """You can return anything within 30 days. Items must be unused & clean.

## How to return

Send it back like this:

1. Log in and open the order.
2. Print the label.
3. Drop the parcel at any post office.
"""
SHIPPING = """We ship every weekday.

| Destination | Delivery time | Price |
|---|---|---|
| Germany | 2 days | 4.90 EUR |
| Austria | 4 days | 8.90 EUR |
"""


@asynccontextmanager
async def client_of(server: ModelServer, **options: Any) -> AsyncIterator[AsyncOpenAI]:
    settings: dict[str, Any] = {"api_key": server.api_key, "max_retries": 0, "timeout": 5.0} | options
    async with AsyncOpenAI(base_url=server.base_url, **settings) as client:
        yield client


def prompt(
    question: str,
    passages: tuple[tuple[str, str], ...] = (("Returning an item", RETURNS), ("Shipping", SHIPPING)),
    conversation: tuple[tuple[str, str], ...] = (),
    task: str = "answer",
) -> list[Any]:
    said = "\n".join(f'<message from="{who}">{escape(text)}</message>' for who, text in conversation)
    held = "\n".join(
        f'<passage number="{n}" title="{escape(title)}" article="a{n}">{escape(text)}</passage>'
        for n, (title, text) in enumerate(passages, 1)
    )
    content = (
        f"<conversation>\n{said}\n</conversation>\n<passages>\n{held}\n</passages>\n"
        f"<question>\n{escape(question)}\n</question>"
    )
    return [{"role": "system", "content": f"TASK: {task}\nBe brief."}, {"role": "user", "content": content}]


def json_task(name: str) -> Any:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": {"type": "object"}}}


async def answered(client: AsyncOpenAI, question: str, **more: Any) -> str:
    """The streamed answer to a question, whole."""
    return "".join(await deltas_of(client, question, **more))


async def deltas_of(client: AsyncOpenAI, question: str, **more: Any) -> list[str]:
    stream = await client.chat.completions.create(model="any", messages=prompt(question, **more), stream=True)
    return [
        chunk.choices[0].delta.content
        async for chunk in stream
        if chunk.choices and chunk.choices[0].delta and chunk.choices[0].delta.content
    ]
