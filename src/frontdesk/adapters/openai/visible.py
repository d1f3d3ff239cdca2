"""What of a model's text the reader may see: reasoning between tags and the blank space before the answer go."""

from typing import Final

OPENING: Final = ("<think>", "<thinking>", "<reasoning>", "<thought>")
CLOSING: Final = tuple(tag.replace("<", "</") for tag in OPENING)


class VisibleText:
    """Takes text as it streams in and gives back what may be shown; reasoning stands before the answer, if anywhere."""

    def __init__(self, *, thinks_unopened: bool = False) -> None:
        self._held = ""
        self._closing: tuple[str, ...] = CLOSING if thinks_unopened else ()
        """Which tags end the reasoning we are in; none while we are not in any."""
        self._unopened = thinks_unopened
        self._shown: list[str] = []
        self._answering = False

    @property
    def thinking(self) -> bool:
        """Whether reasoning began and has not ended."""
        return bool(self._closing) and not self._unopened

    @property
    def text(self) -> str:
        """All that was shown so far."""
        return "".join(self._shown)

    @property
    def leaked(self) -> bool:
        """Whether reasoning was taken for the answer: a closing tag that nothing opened."""
        return any(tag in self.text for tag in CLOSING)

    def feed(self, piece: str) -> str:
        if self._answering:
            return self._show(piece)
        self._held += piece
        while True:
            if self._closing and not self._end_reasoning():
                return ""
            self._held = self._held.lstrip()
            opened = next((tag for tag in OPENING if self._held.startswith(tag)), None)
            if opened is None:
                break
            self._held = self._held[len(opened) :]
            self._closing, self._unopened = (opened.replace("<", "</"),), False
        if not self._held or any(tag.startswith(self._held) for tag in OPENING):
            return ""  # nothing yet, or what may still become a tag
        return self._begin_answer()

    def end(self) -> str:
        """The rest, once nothing more comes; reasoning that was expected and never ended was the answer after all."""
        unfinished = bool(self._closing) and not self._unopened
        return "" if self._answering or unfinished else self._begin_answer()

    def _end_reasoning(self) -> bool:
        found = [(at, tag) for tag in self._closing if (at := self._held.find(tag)) >= 0]
        if not found:
            return False
        at, tag = min(found)
        self._held, self._closing = self._held[at + len(tag) :], ()
        return True

    def _begin_answer(self) -> str:
        held, self._held = self._held, ""
        self._answering = bool(held)
        return self._show(held)

    def _show(self, piece: str) -> str:
        if piece:
            self._shown.append(piece)
        return piece
