"""The provider's chunks put together to one answer; pure, and suspicious of every field."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from frontdesk.adapters.openai.failures import failure_in
from frontdesk.adapters.openai.visible import VisibleText
from frontdesk.domain.errors import ModelFailed
from frontdesk.ports.model import ToolCall

MOST_TEXT: Final = 1_000_000
"""Characters after which an answer is not one."""

Ending = Literal["whole", "cut", "refused", "failed", "broken"]

_ENDINGS: Final[dict[str, Ending]] = {
    "stop": "whole", "tool_calls": "whole", "function_call": "whole", "eos": "whole", "eos_token": "whole",
    "end_turn": "whole", "stop_sequence": "whole", "tool_use": "whole", "complete": "whole", "completed": "whole",
    "length": "cut", "max_tokens": "cut", "model_length": "cut", "max_output_tokens": "cut",
    "content_filter": "refused", "safety": "refused", "refusal": "refused", "prohibited_content": "refused",
    "error": "failed", "insufficient_system_resource": "failed",
}  # fmt: skip


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""

    @property
    def is_whole(self) -> bool:
        return _is_object(self.arguments)


@dataclass(slots=True)
class Answer:
    """One answer as it grows; `take` gives back the text that became visible."""

    visible: VisibleText
    finish: str = ""
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning: str = ""
    progressed: bool = False
    """Whether the last chunk brought any token, reasoning included."""
    _size: int = 0
    _refusal: str = ""
    _calls: list[_Call] = field(default_factory=list)
    _at: dict[int, _Call] = field(default_factory=dict)
    """The call that each index stands for at the moment."""

    @property
    def thought(self) -> bool:
        return bool(self.reasoning) or self.visible.thinking

    def take(self, chunk: object) -> str:
        """Raises ModelFailed for what is no part of a chat completion."""
        self.progressed = False
        if not isinstance(chunk, dict):
            raise ModelFailed("garbled", f"a {type(chunk).__name__} where a chat completion belongs")
        if chunk.get("error"):
            raise failure_in(chunk["error"])
        self._take_facts(chunk)
        choices = chunk.get("choices", ())
        if not isinstance(choices, list | tuple):
            raise ModelFailed("garbled", "an answer without choices")
        choice = next((c for c in choices if isinstance(c, dict) and not c.get("index")), None)
        if choice is None:
            return ""
        shown = self._take_message(choice.get("delta") or choice.get("message") or {})
        if isinstance(finish := choice.get("finish_reason"), str) and finish:
            self.finish = finish.casefold()
        return shown

    def _take_facts(self, chunk: dict[str, Any]) -> None:
        if isinstance(model := chunk.get("model"), str):
            self.model = model
        if isinstance(usage := chunk.get("usage"), dict):
            self.input_tokens = _count(usage.get("prompt_tokens")) or self.input_tokens
            self.output_tokens = _count(usage.get("completion_tokens")) or self.output_tokens

    def _take_message(self, message: object) -> str:
        if not isinstance(message, dict):
            raise ModelFailed("garbled", "a message that is none")
        for name in ("reasoning_content", "reasoning"):
            if isinstance(thought := message.get(name), str) and thought:
                self.progressed = True
                self.reasoning += thought
                break
        if isinstance(refusal := message.get("refusal"), str):
            self._refusal += refusal
        for fragment in _list(message.get("tool_calls")):
            self.progressed = True
            self._take_fragment(fragment)
        text = _text(message.get("content"))
        self.progressed = self.progressed or bool(text)
        self._size += len(text)
        if self._size + len(self.reasoning) > MOST_TEXT:
            raise ModelFailed("garbled", "an answer without end")
        return self.visible.feed(text)

    def _take_fragment(self, fragment: object) -> None:
        if not isinstance(fragment, dict):
            raise ModelFailed("garbled", "a tool call that is none")
        function = fragment.get("function")
        function = function if isinstance(function, dict) else {}
        name = function.get("name") if isinstance(function.get("name"), str) else ""
        name_id = fragment.get("id") if isinstance(fragment.get("id"), str) else ""
        call = self._call_for(fragment.get("index"), name or "", name_id or "")
        call.id = call.id or name_id or ""
        call.name = call.name or name or ""
        arguments = function.get("arguments")
        call.arguments += arguments if isinstance(arguments, str) else _written(arguments)

    def _call_for(self, index: object, name: str, call_id: str) -> _Call:
        """The call a fragment belongs to: a name opens one, unless it only repeats what is known.

        Some servers number every parallel call 0, some number none, and some give the id anew with each fragment.
        """
        at = index if isinstance(index, int) else (0 if name or not self._calls else max(self._at, default=0))
        open_call = self._at.get(at)
        begins = open_call is None or (
            bool(name and open_call.name)
            and (name != open_call.name or bool(call_id and call_id != open_call.id) or open_call.is_whole)
        )
        if open_call is None or begins:
            open_call = _Call()
            self._calls.append(open_call)
            self._at[at] = open_call
        return open_call

    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls, all of them whole. Raises ModelFailed if one is not."""
        taken: set[str] = set()
        whole = []
        for place, call in enumerate(self._calls, start=1):
            arguments = call.arguments.strip() or "{}"
            if not call.name or not _is_object(arguments):
                raise ModelFailed("garbled", "a tool call that is not whole")
            call_id = call.id if call.id and call.id not in taken else f"call_{place}"
            taken.add(call_id)
            whole.append(ToolCall(id=call_id, name=call.name, arguments=arguments))
        return tuple(whole)

    def check_ending(self) -> None:
        """Raises ModelFailed unless the model ended by itself, with something to say."""
        if self._refusal and not self.visible.text:
            raise ModelFailed("refused", "the model refused")
        match _ENDINGS.get(self.finish, "broken"):
            case "cut":
                raise ModelFailed("garbled", "the answer was cut at its length limit")
            case "refused":
                raise ModelFailed("refused", f"the provider's filter stopped the answer ({self.finish})")
            case "failed":
                raise ModelFailed("down", f"the provider gave up in mid-answer ({self.finish})")
            case "broken" if self.finish:
                raise ModelFailed("garbled", f"the answer ended for an unknown reason ({self.finish[:40]})")
            case "broken":
                raise ModelFailed("garbled", "the answer broke off")
        if self.visible.leaked:
            raise ModelFailed("garbled", "reasoning in place of an answer")
        if not self._calls and not self.visible.text.strip():
            raise ModelFailed("garbled", "an empty answer")


def json_object_in(text: str) -> str:
    """The JSON object that the text is, or that stands in it between fences or chatter. Raises ModelFailed."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        if isinstance(value, dict):
            return text[start:end]
    raise ModelFailed("garbled", "no JSON object in the answer")


def _text(content: object) -> str:
    """Content is a string, or a list of parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    raise ModelFailed("garbled", "content that is no text")


def _list(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _written(arguments: object) -> str:
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
