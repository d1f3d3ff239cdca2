"""Puts a reply into the shapes of the chat completions API: one completion, or the frames of a stream."""

import itertools
import json
import re
from enum import Enum
from typing import Any, TypeAlias

from frontdesk.sandbox.model.reply import Reply

STAND_IN = "stand-in (not an AI)"

JsonObject: TypeAlias = dict[str, Any]


class Act(Enum):
    """What a stream does besides sending data."""

    SILENCE = "stays open and sends nothing"
    KEEP_ALIVE = "stays open and sends comments only"
    CUT = "drops the connection"


Frame: TypeAlias = JsonObject | bytes | Act

DONE = b"data: [DONE]\n\n"

_WORD_WITH_SPACE = re.compile(r"\s*\S+\s*\Z|\s*\S+")
_serial = itertools.count(1)


def deltas_of(reply: Reply, words_each: int) -> list[str]:
    """The pieces the text is streamed in: those given, or a few words each."""
    if not isinstance(reply.text, str):
        return list(reply.text)
    words = _WORD_WITH_SPACE.findall(reply.text)
    size = max(1, reply.chunk or words_each)
    return ["".join(words[start : start + size]) for start in range(0, len(words), size)]


def frames_of(reply: Reply, *, finish: str, words_each: int, usage: JsonObject | None) -> list[Frame]:
    """A whole stream: role, deltas, tool calls, finish reason, usage when asked for, and the end mark."""
    serial = next(_serial)
    frames: list[Frame] = [_chunk(serial, {"role": "assistant", "content": ""})]
    frames += [_chunk(serial, {"content": delta}) for delta in deltas_of(reply, words_each)]
    for position, call in enumerate(reply.tool_calls):
        middle = len(call.arguments) // 2
        opening = {"name": call.name, "arguments": call.arguments[:middle]}
        call_id = f"call_{serial}_{position}"
        frames.append(
            _chunk(
                serial,
                {"tool_calls": [{"index": position, "id": call_id, "type": "function", "function": opening}]},
            )
        )
        rest = {"arguments": call.arguments[middle:]}
        frames.append(_chunk(serial, {"tool_calls": [{"index": position, "function": rest}]}))
    frames.append(_chunk(serial, {}, finish))
    if usage is not None:
        frames.append(_chunk(serial, {}) | {"choices": [], "usage": usage})
    frames.append(DONE)
    return frames


def completion_of(reply: Reply, *, finish: str, usage: JsonObject) -> JsonObject:
    """The answer to a request which does not stream."""
    serial = next(_serial)
    message: JsonObject = {"role": "assistant", "content": reply.whole or None, "refusal": None}
    if reply.tool_calls:
        message["tool_calls"] = [
            {
                "id": f"call_{serial}_{position}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for position, call in enumerate(reply.tool_calls)
        ]
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    return _envelope(serial, "chat.completion") | {"choices": [choice], "usage": usage}


def usage_of(body: JsonObject, reply: Reply) -> JsonObject:
    """Token counts by a rule of thumb (four characters each); nothing here has a tokenizer."""
    prompt = len(json.dumps(body.get("messages"), ensure_ascii=False)) // 4
    completion = max(1, (len(reply.whole) + sum(len(call.arguments) for call in reply.tool_calls)) // 4)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def error_body(message: str, kind: str, code: str | None = None) -> JsonObject:
    """An error as the API words it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def encode(frame: JsonObject | bytes) -> bytes:
    """One server-sent event."""
    if isinstance(frame, bytes):
        return frame
    return b"data: " + json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def is_delta(frame: Frame) -> bool:
    """Whether a frame carries a part of the reply."""
    if not isinstance(frame, dict) or not frame.get("choices"):
        return False
    delta = frame["choices"][0]["delta"]
    return bool(delta and ("tool_calls" in delta or delta.get("content")))


def _chunk(serial: int, delta: JsonObject, finish: str | None = None) -> JsonObject:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return _envelope(serial, "chat.completion.chunk") | {"choices": [choice]}


def _envelope(serial: int, kind: str) -> JsonObject:
    return {
        "id": f"chatcmpl-stand-in-{serial}",
        "object": kind,
        "created": 1_700_000_000 + serial,
        "model": STAND_IN,
        "system_fingerprint": STAND_IN,
    }
