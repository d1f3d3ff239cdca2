"""Every way a call can fail, told as one ModelFailed."""

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from openai import APIConnectionError, APIError, APIResponseValidationError, APIStatusError, APITimeoutError

from frontdesk.domain.errors import ModelFailed, ModelFault

_TOO_LONG: Final = re.compile(
    r"context.{0,3}length|context.{0,3}window|maximum context|too many (input )?tokens|prompt is too long"
    r"|input is too long|reduce the length|exceeds? the (model's )?(maximum|limit of) .{0,20}tokens"
)
_FILTERED: Final = re.compile(r"content.?(filter|policy|management)|moderation|flagged|responsible.?ai|safety")
_WORDS: Final[tuple[tuple[re.Pattern[str], ModelFault], ...]] = (
    (re.compile(r"insufficient.?(quota|credit|balance)|billing|api.?key|unauthorized|permission"), "denied"),
    (re.compile(r"rate.?limit|too many requests|overloaded|queue is full"), "busy"),
)


def failure_of(error: Exception) -> ModelFailed:
    """What the SDK raised, in our words; what it says of the prompt stays out of the log."""
    match error:
        case ModelFailed():
            return error
        case APITimeoutError():
            return ModelFailed("slow", "no connection in time")
        case APIConnectionError():
            return ModelFailed("down", "the connection failed or broke off")
        case APIResponseValidationError():
            return ModelFailed("garbled", "not a chat completion")
        case APIStatusError():
            after = retry_after(error.response.headers, datetime.now(UTC))
            return ModelFailed(_fault(error.status_code, _all_of(error)), _what(error), after)
        case APIError():
            return failure_in(error.body if isinstance(error.body, Mapping) else {"message": error.message})
        case _:
            return ModelFailed("garbled", f"an answer that cannot be read ({type(error).__name__})")


def failure_in(error: object) -> ModelFailed:
    """An error that arrived inside an answer whose HTTP status was fine."""
    facts: Mapping[str, Any] = error if isinstance(error, Mapping) else {"message": str(error)}
    code = facts.get("code")
    status = int(str(code)) if str(code).isdecimal() and len(str(code)) == 3 else 500
    return ModelFailed(_fault(status, " ".join(map(str, facts.values()))), f"the provider reported an error ({status})")


def complaint_in(error: APIStatusError) -> str | None:
    """What a refusal says about the request's form; None when it is about something else."""
    said = _all_of(error)
    if error.status_code not in (400, 404, 415, 422) or _fault(error.status_code, said) in ("too_long", "refused"):
        return None
    return said


def _all_of(error: APIError) -> str:
    return f"{error.message} {error.code or ''} {error.param or ''} {error.type or ''}"


def _what(error: APIStatusError) -> str:
    code = f" {error.code}" if error.code and re.fullmatch(r"[\w.-]{1,60}", error.code) else ""
    return f"HTTP {error.status_code}{code}"


def _fault(status: int, said: str) -> ModelFault:
    low = said.casefold()
    if status in (400, 403, 422, 451) and _FILTERED.search(low):
        return "refused"
    if status == 413 or (status in (400, 422, 500) and _TOO_LONG.search(low)):
        return "too_long"
    for words, fault in _WORDS:
        if status in (400, 429, 500) and words.search(low):
            return fault
    if status == 429:
        return "busy"
    if status in (408, 409, 425) or status >= 500:
        return "down"
    return "denied"


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the provider asks us to wait, however it says so."""
    millis = headers.get("retry-after-ms")
    stated = headers.get("retry-after")
    try:
        if millis is not None:
            return max(0.0, float(millis) / 1000)
        if stated is None:
            return None
        return max(0.0, float(stated))
    except ValueError:
        pass
    try:
        date = email.utils.parsedate_to_datetime(stated or "")
    except ValueError:
        return None
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now.timestamp())
