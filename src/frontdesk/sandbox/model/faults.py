"""Every way a model provider can misbehave on demand, each as a small edit of a healthy response."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from frontdesk.sandbox.model.prompt import Task
from frontdesk.sandbox.model.reply import Reply, ToolCall
from frontdesk.sandbox.model.wire import DONE, Act, Frame, JsonObject, encode, error_body, is_delta

HTML = "<!doctype html><title>Bad gateway</title><h1>Something is wrong in front of this server</h1>"

THOUGHT = "The customer asks something. I look it up."


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    task: Task | None = None
    """Only requests of this task meet it; None is any task."""
    retry_after: float | str | None = None
    after: int = 2
    """How many deltas a stream sends before it goes wrong."""

    @property
    def breaks(self) -> bool:
        """Whether a careful client has to ask again, so that a queued reply must wait for that."""
        return self.name.partition(":")[0] not in _HARMLESS


def fault_named(name: str, *, task: Task | None, retry_after: float | str | None, after: int) -> Fault:
    """A known fault; a misspelt one is refused, or a test would pass for the wrong reason."""
    stem, _, detail = name.partition(":")
    known = stem in REFUSALS or stem in REPLY_EDITS or stem in STREAM_EDITS
    if not known or (stem in ("status", "refuse")) != bool(detail):
        raise ValueError(f"unknown fault {name!r}")
    return Fault(name, task, retry_after, after)


# --- instead of a response -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP response sent in place of a completion."""

    status: int
    body: str
    content_type: str = "application/json"
    retry_after: str | None = None


_STATUS_WORDS = {
    401: ("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"),
    402: ("Your credit balance is empty.", "billing_error", "insufficient_credit"),
    403: ("Your plan does not include this model.", "permission_error", "plan_limit_reached"),
    404: ("The model does not exist.", "invalid_request_error", "model_not_found"),
    429: ("Rate limit reached.", "rate_limit_error", "rate_limit_exceeded"),
    503: ("All workers are busy.", "server_error", "overloaded"),
}


def _status(fault: Fault, _body: JsonObject) -> Refusal:
    status = int(fault.name.partition(":")[2])
    message, kind, code = _STATUS_WORDS.get(status, ("The server had an error.", "server_error", "server_error"))
    wait = None if fault.retry_after is None else str(fault.retry_after)
    return Refusal(status, json.dumps(error_body(message, kind, code)), retry_after=wait)


def _context_length(_fault: Fault, _body: JsonObject) -> Refusal:
    message = "This model's maximum context length is 8192 tokens. Please reduce the length of the messages."
    return Refusal(400, json.dumps(error_body(message, "invalid_request_error", "context_length_exceeded")))


def _html_200(_fault: Fault, _body: JsonObject) -> Refusal:
    return Refusal(200, HTML, "text/html")


def _error_200(_fault: Fault, _body: JsonObject) -> Refusal:
    return Refusal(200, json.dumps(error_body("The upstream model failed.", "server_error", "upstream_error")))


def _refuse(fault: Fault, body: JsonObject) -> Refusal | None:
    argument = fault.name.partition(":")[2]
    if argument not in body:
        return None
    refused = error_body(f"Unsupported parameter: {argument!r}.", "invalid_request_error", "unsupported_parameter")
    refused["error"]["param"] = argument
    return Refusal(400, json.dumps(refused))


REFUSALS: dict[str, Callable[[Fault, JsonObject], Refusal | None]] = {
    "status": _status,
    "context_length": _context_length,
    "html_200": _html_200,
    "error_200": _error_200,
    "refuse": _refuse,
}


# --- another reply ---------------------------------------------------------------------------------------


def _half(reply: Reply) -> Reply:
    text = reply.text[: max(1, len(reply.text) // 2)]
    calls = tuple(replace(call, arguments=call.arguments[: len(call.arguments) // 2]) for call in reply.tool_calls)
    return replace(reply, text=text, tool_calls=calls)


def _with_text(before: str, after: str = "") -> Callable[[Reply], Reply]:
    return lambda reply: replace(reply, text=before + reply.whole + after)


def _glued(reply: Reply) -> Reply:
    return replace(reply, tool_calls=tuple(ToolCall(c.name, c.arguments * 2) for c in reply.tool_calls))


REPLY_EDITS: dict[str, Callable[[Reply], Reply]] = {
    "length": _half,
    "content_filter": _half,
    "leading_whitespace": _with_text("\n\n "),
    "think_tags": _with_text(f"<think>{THOUGHT}</think>\n\n"),
    "fenced_json": _with_text("```json\n", "\n```"),
    "chatty_json": _with_text("Sure! Here is the JSON you asked for:\n", "\nAnything else?"),
    "glued_arguments": _glued,
}


# --- another stream --------------------------------------------------------------------------------------

StreamEdit: TypeAlias = Callable[[list[Frame], int], list[Frame]]


def _until_delta(frames: list[Frame], after: int) -> list[Frame]:
    """The frames up to and with the given number of deltas, but always short of the finish."""
    places = [place for place, frame in enumerate(frames) if is_delta(frame)]
    if after < len(places):
        return frames[: places[after]]
    return frames[: places[-1] + 1] if places else frames[:1]


def _then(*ending: Frame) -> StreamEdit:
    return lambda frames, after: [*_until_delta(frames, after), *ending]


def _only(*frames: Frame) -> StreamEdit:
    return lambda _frames, _after: list(frames)


def _inserted(made: Callable[[JsonObject], JsonObject]) -> StreamEdit:
    def edit(frames: list[Frame], after: int) -> list[Frame]:
        start = _until_delta(frames, after)
        first = frames[0]
        assert isinstance(first, dict)
        return [*start, made(copy.deepcopy(first)), *frames[len(start) :]]

    return edit


def _delta_null(chunk: JsonObject) -> JsonObject:
    chunk["choices"][0]["delta"] = None
    return chunk


def _empty_choices_first(frames: list[Frame], _after: int) -> list[Frame]:
    first = frames[0]
    assert isinstance(first, dict)
    return [first | {"choices": [], "prompt_filter_results": []}, *frames]


def _no_finish(frames: list[Frame], _after: int) -> list[Frame]:
    return [frames[0], *filter(is_delta, frames)]


def _commented(frames: list[Frame], _after: int) -> list[Frame]:
    return [part for frame in frames for part in (b": PROCESSING\n\n", frame)]


def _finish_reason(reason: str | None) -> StreamEdit:
    return _each_choice(lambda choice: choice.update(finish_reason=reason) if choice["finish_reason"] else None)


def _reasoning(field: str) -> StreamEdit:
    return _before_deltas({"content": None, field: THOUGHT})


def _before_deltas(delta: JsonObject) -> StreamEdit:
    def edit(frames: list[Frame], _after: int) -> list[Frame]:
        first = copy.deepcopy(frames[0])
        assert isinstance(first, dict)
        first["choices"][0]["delta"] = delta
        return [frames[0], first, *frames[1:]]

    return edit


def _each_choice(change: Callable[[JsonObject], object]) -> StreamEdit:
    def edit(frames: list[Frame], _after: int) -> list[Frame]:
        for frame in frames:
            if isinstance(frame, dict) and frame["choices"]:
                change(frame["choices"][0])
        return frames

    return edit


def _each_tool_delta(change: Callable[[JsonObject], object]) -> StreamEdit:
    def each(choice: JsonObject) -> None:
        for call in choice["delta"].get("tool_calls", ()):
            change(call)

    return _each_choice(each)


def _whole_arguments_as_object(frames: list[Frame], _after: int) -> list[Frame]:
    """One frame for each call, holding its arguments as an object where a string belongs."""
    kept: list[Frame] = []
    arguments: dict[int, str] = {}
    openings: dict[int, JsonObject] = {}
    for frame in frames:
        calls = frame["choices"][0]["delta"].get("tool_calls") if isinstance(frame, dict) and frame["choices"] else None
        if not calls:
            kept.append(frame)
            continue
        call = calls[0]
        arguments[call["index"]] = arguments.get(call["index"], "") + call["function"]["arguments"]
        if "id" in call:
            openings[call["index"]] = call
            kept.append(frame)
    for index, call in openings.items():
        call["function"]["arguments"] = json.loads(arguments[index] or "{}")
    return kept


def _without_usage(frames: list[Frame], _after: int) -> list[Frame]:
    return [frame for frame in frames if not (isinstance(frame, dict) and not frame["choices"])]


def _usage_in_every_chunk(frames: list[Frame], _after: int) -> list[Frame]:
    usage = {"prompt_tokens": 10, "completion_tokens": 0, "total_tokens": 10}
    return [{"usage": usage} | frame if isinstance(frame, dict) else frame for frame in frames]


_BROKEN_JSON = b'data: {"id":"chatcmpl-stand-in","choices":[{"index":0,"delta":{"conte\n\n'
_BROKEN_UTF8 = b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"\xff\xfe"}}]}\n\n'
_NULL_CHOICES = encode({"id": "x", "object": "chat.completion.chunk", "choices": None})
_WRONG_TYPE = encode({"id": 7, "object": "chat.completion.chunk", "choices": "none today"})
_ERROR = encode(error_body("The upstream model stopped.", "server_error", "upstream_error"))

STREAM_EDITS: dict[str, StreamEdit] = {
    "stall": _then(Act.SILENCE),
    "never_first_token": _only(Act.SILENCE),
    "keepalive_only": _only(Act.KEEP_ALIVE),
    "cut": _then(Act.CUT),
    "no_finish": _no_finish,
    "no_done": lambda frames, _after: [frame for frame in frames if frame != DONE],
    "null_choices": _only(_NULL_CHOICES, DONE),
    "wrong_type": _only(_WRONG_TYPE, DONE),
    "empty_choices_first": _empty_choices_first,
    "delta_null": _inserted(_delta_null),
    "bad_json_chunk": _then(_BROKEN_JSON, DONE),
    "bad_utf8": _then(_BROKEN_UTF8, DONE),
    "in_stream_error": _then(_ERROR, DONE),
    "length": _finish_reason("length"),
    "content_filter": _finish_reason("content_filter"),
    "finish_error": _finish_reason("error"),
    "finish_stop": _finish_reason("stop"),
    "comments": _commented,
    "reasoning_content": _reasoning("reasoning_content"),
    "reasoning": _reasoning("reasoning"),
    "no_usage": _without_usage,
    "usage_in_every_chunk": _usage_in_every_chunk,
    "tool_index_missing": _each_tool_delta(lambda call: call.pop("index")),
    "tool_index_zero": _each_tool_delta(lambda call: call.update(index=0)),
    "tool_arguments_object": _whole_arguments_as_object,
}

_HARMLESS = frozenset(REPLY_EDITS) | {
    "no_done",
    "empty_choices_first",
    "delta_null",
    "finish_stop",
    "comments",
    "reasoning_content",
    "reasoning",
    "no_usage",
    "usage_in_every_chunk",
    "tool_index_zero",
    "tool_arguments_object",
}


# --- another completion ----------------------------------------------------------------------------------

COMPLETION_REPLACED: dict[str, JsonObject | bytes | Act] = {
    "stall": Act.SILENCE,
    "never_first_token": Act.SILENCE,
    "keepalive_only": Act.SILENCE,
    "cut": Act.CUT,
    "wrong_type": b'["none today"]',
    "bad_json_chunk": b'{"id":"chatcmpl-stand-in","choices":[{"index":0,"mess',
    "bad_utf8": b'{"id":"x","choices":[{"index":0,"message":{"content":"\xff\xfe"}}]}',
    "in_stream_error": error_body("The upstream model stopped.", "server_error", "upstream_error"),
}
_FINISH_REASONS = {
    "no_finish": None,
    "length": "length",
    "content_filter": "content_filter",
    "finish_error": "error",
    "finish_stop": "stop",
}


def damage_completion(fault: Fault, completion: JsonObject) -> JsonObject | bytes | Act:
    """The same faults where nothing streams; those which only a stream can have leave it as it is."""
    if fault.name in COMPLETION_REPLACED:
        return COMPLETION_REPLACED[fault.name]
    choice = completion["choices"][0]
    if fault.name in _FINISH_REASONS:
        choice["finish_reason"] = _FINISH_REASONS[fault.name]
    elif fault.name == "null_choices":
        completion["choices"] = None
    elif fault.name == "delta_null":
        choice["message"]["content"] = None
    elif fault.name in ("reasoning_content", "reasoning"):
        choice["message"][fault.name] = THOUGHT
    elif fault.name == "no_usage":
        del completion["usage"]
    return completion
