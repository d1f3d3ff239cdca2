"""Lets a test say what the stand-in does next: an exact reply, a tool call, a fault."""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from frontdesk.sandbox.model.faults import Fault, fault_named
from frontdesk.sandbox.model.prompt import Task
from frontdesk.sandbox.model.reply import Reply, ToolCall


@dataclass(slots=True)
class Script:
    """Queues of what comes next; a task with nothing queued follows the stand-in's own rules."""

    _replies: dict[Task, deque[Reply]] = field(
        default_factory=lambda: {"answer": deque(), "triage": deque(), "summary": deque()}
    )
    _faults: list[Fault] = field(default_factory=list)

    def answer(self, text: str | Iterable[str], *, chunk: int | None = None, delay: float | None = None) -> None:
        """The next answer is exactly this text, or exactly these deltas."""
        exact = text if isinstance(text, str) else tuple(text)
        self._replies["answer"].append(Reply(exact, chunk=chunk, delay=delay))

    def tool_call(self, name: str, arguments: str | Mapping[str, Any], *, text: str = "") -> None:
        """The next answer step calls a tool, with these arguments as they are (broken JSON included)."""
        self.tool_calls((name, arguments), text=text)

    def tool_calls(self, *calls: tuple[str, str | Mapping[str, Any]], text: str = "") -> None:
        """The next answer step calls several tools at once, after some text if there is any."""
        made = tuple(ToolCall(name, given if isinstance(given, str) else json.dumps(given)) for name, given in calls)
        self._replies["answer"].append(Reply(text, tool_calls=made))

    def triage(self, result: Mapping[str, Any] | str) -> None:
        """The next triage is this; a string is sent as it is."""
        self._replies["triage"].append(Reply(_as_json(result)))

    def summary(self, result: Mapping[str, Any] | str) -> None:
        """The next summary is this; a string is sent as it is."""
        self._replies["summary"].append(Reply(_as_json(result)))

    def fault(
        self,
        name: str,
        *,
        task: Task | None = None,
        retry_after: float | str | None = None,
        after: int = 2,
        times: int = 1,
    ) -> None:
        """The next `times` requests (of this task) meet this fault, in a stream after `after` deltas."""
        self._faults.extend([fault_named(name, task=task, retry_after=retry_after, after=after)] * times)

    def clear(self) -> None:
        """Forget everything queued."""
        self._faults.clear()
        for queue in self._replies.values():
            queue.clear()

    def take_fault(self, task: Task) -> Fault | None:
        for position, fault in enumerate(self._faults):
            if fault.task in (None, task):
                return self._faults.pop(position)
        return None

    def take_reply(self, task: Task, fault: Fault | None) -> Reply | None:
        """The queued reply; it stays queued for the retry when the fault keeps it from arriving whole."""
        queue = self._replies[task]
        if not queue:
            return None
        return queue[0] if fault is not None and fault.breaks else queue.popleft()


def _as_json(result: Mapping[str, Any] | str) -> str:
    return result if isinstance(result, str) else json.dumps(result)
