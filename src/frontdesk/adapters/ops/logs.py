"""Structured logs: one line an event, no message text, no token, no personal data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from frontdesk.domain.errors import DeskError, Unreadable

LogFormat = Literal["auto", "json", "console"]

_CHATTY = ("slack_bolt", "slack_sdk", "aiohttp", "openai", "httpx2", "httpcore2", "asyncio", "discord", "bm25s", "mcp")


def set_up_logs(form: LogFormat = "auto", level: str = "info") -> None:
    """Send everything to standard error; the SDKs, whose debug lines hold message bodies, only from warning up."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_error_text,
    ]
    last = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=last, foreign_pre_chain=shared))
    handler.addFilter(_is_for_us)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)


def _is_for_us(record: logging.LogRecord) -> bool:
    """Asked at the door as well: an SDK that is imported later may give its logger a level of its own."""
    return record.levelno >= logging.ERROR or record.name.partition(".")[0] not in _CHATTY


def _without_error_text(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of an error its kind and place are kept; only our own texts never quote a message or a token."""
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        if isinstance(error, DeskError) and not isinstance(error, Unreadable):  # that one may quote what was sent
            event.setdefault("reason", str(error))
        place = _place(error)
        if place:
            event["at"] = place
    return event


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{code.co_name}:{trace.tb_lineno}"
