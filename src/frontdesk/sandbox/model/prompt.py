"""Reads the desk's wire format: the task of a request, its conversation, passages and question."""

import html
import re
from dataclasses import dataclass
from typing import Any, Literal, cast

Task = Literal["triage", "answer", "summary"]

_BLOCK = {tag: re.compile(rf"<{tag}>(.*?)</{tag}>", re.DOTALL) for tag in ("conversation", "passages", "question")}
_MESSAGE = re.compile(r'<message from="([^"]*)"[^>]*>(.*?)</message>', re.DOTALL)
_PASSAGE = re.compile(r"<passage([^>]*)>(.*?)</passage>", re.DOTALL)
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Said:
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    number: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a request holds for the stand-in; it knows nothing else."""

    task: Task
    conversation: tuple[Said, ...]
    passages: tuple[Passage, ...]
    question: str
    tools: tuple[str, ...]
    tool_results: tuple[str, ...]
    """The tool results which came after the last message of the customer, oldest first."""


def read_prompt(body: dict[str, Any]) -> Prompt:
    """Understand one chat completion request."""
    messages = [message for message in body["messages"] if isinstance(message, dict)]
    asked = _last_position(messages, "user")
    text = content_of(messages[asked]) if asked is not None else ""
    question = _inside("question", text)
    tools = body.get("tools") or []
    after = messages[asked + 1 :] if asked is not None else messages
    return Prompt(
        task=_task(body, messages),
        conversation=tuple(
            Said(html.unescape(speaker), html.unescape(said).strip())
            for speaker, said in _MESSAGE.findall(_inside("conversation", text) or "")
        ),
        passages=tuple(_passages(_inside("passages", text) or "")),
        question=html.unescape(text if question is None else question).strip(),
        tools=tuple(str(tool["function"]["name"]) for tool in tools if isinstance(tool.get("function"), dict)),
        tool_results=tuple(content_of(message) for message in after if message.get("role") == "tool"),
    )


def content_of(message: dict[str, Any]) -> str:
    """The text of a message whose content is a string, a list of parts, or nothing."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if part.get("type") == "text")


def _task(body: dict[str, Any], messages: list[dict[str, Any]]) -> Task:
    schema = (body.get("response_format") or {}).get("json_schema") or {}
    if schema.get("name") in ("triage", "summary"):
        return cast(Task, schema["name"])
    for message in messages:
        if message.get("role") in ("system", "developer"):
            first_line = content_of(message).lstrip().split("\n", 1)[0].strip()
            named = first_line.removeprefix("TASK:").strip()
            if first_line.startswith("TASK:") and named in ("triage", "answer", "summary"):
                return cast(Task, named)
    return "answer"


def _last_position(messages: list[dict[str, Any]], role: str) -> int | None:
    return next((n for n in range(len(messages) - 1, -1, -1) if messages[n].get("role") == role), None)


def _inside(tag: str, text: str) -> str | None:
    found = _BLOCK[tag].search(text)
    return found.group(1) if found else None


def _passages(text: str) -> list[Passage]:
    found: list[Passage] = []
    for attributes, content in _PASSAGE.findall(text):
        named = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
        number = named.get("number", str(len(found) + 1))
        found.append(Passage(number, named.get("title", ""), html.unescape(content).strip()))
    return found
