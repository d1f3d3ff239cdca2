"""Counts and times for Prometheus, and the Telemetry port over them and the log."""

import asyncio
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from frontdesk.domain.turns import TurnTrace

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """Implements `ports.Telemetry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.turn_bell = asyncio.Event()
        """Set whenever a turn has ended; cleared by whoever waits for one."""
        self._log = structlog.get_logger("frontdesk")
        self._counts = Counter(
            "frontdesk_events", "Things that happened, by kind.", ("what", "detail"), registry=self.registry
        )
        self._troubles = Counter("frontdesk_troubles", "Troubles, by kind.", ("what",), registry=self.registry)
        self._turns = Counter("frontdesk_turns", "Turns, by outcome.", ("outcome",), registry=self.registry)
        self._turn_seconds = Histogram(
            "frontdesk_turn_seconds", "How long turns took.", ("outcome",), buckets=_SECONDS, registry=self.registry
        )
        self._first_token = Histogram(
            "frontdesk_first_token_seconds", "Model: time to the first token.", ("task",), buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._tokens = Counter(
            "frontdesk_tokens",
            "Model: tokens, as the provider counts them.",
            ("task", "direction"),
            registry=self.registry,
        )
        self._in_hand = Gauge("frontdesk_turns_in_hand", "Turns that are running now.", registry=self.registry)

    def count(self, what: str, **labels: str) -> None:
        self._counts.labels(what=what, detail=" ".join(labels.values())[:80]).inc()

    def note(self, what: str, **facts: object) -> None:
        self._log.info(what, **facts)

    def trouble(self, what: str, error: BaseException | None = None, **facts: object) -> None:
        self._troubles.labels(what=what[:80]).inc()
        self._log.warning(what, exc_info=error, **facts)

    def turn_ended(self, trace: TurnTrace) -> None:
        self.turn_bell.set()
        self._turns.labels(outcome=trace.outcome).inc()
        self._turn_seconds.labels(outcome=trace.outcome).observe(trace.seconds)
        for step in trace.steps:
            self._tokens.labels(task=step.task, direction="in").inc(step.input_tokens)
            self._tokens.labels(task=step.task, direction="out").inc(step.output_tokens)
            if step.first_token is not None:
                self._first_token.labels(task=step.task).observe(step.first_token)
        self._log.info(
            "turn ended",
            turn=trace.turn,
            outcome=trace.outcome,
            why=trace.rule or _own_words(trace),
            seconds=trace.seconds,
            steps=len(trace.steps),
            passages=sum(p.used for p in trace.passages),
        )

    def watch_turns(self, in_hand: Callable[[], float]) -> None:
        """Where to look up how many turns are running now."""
        self._in_hand.set_function(in_hand)

    def page(self) -> tuple[bytes, str]:
        """The exposition and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4


def _own_words(trace: TurnTrace) -> str:
    """Why, unless the model may have been the one to say it: its reasons quote the customer."""
    ours = trace.outcome != "handed_off" or trace.triage_source in ("rules", "fallback")
    return trace.why if ours else ""
