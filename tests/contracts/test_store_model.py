"""The mailbox against a model of it that fits on a page, driven by Hypothesis."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from redis import Redis

from contracts.redis_servers import Notebook
from contracts.test_store import claimed, posted, said, thread
from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.redis.connection import connect
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.domain.errors import Fenced
from frontdesk.domain.events import MessagePosted
from frontdesk.domain.ids import ConversationId
from frontdesk.ports.store import Claim, Commit, Pending

ROOTS = st.integers(1, 3)
TIMES = st.integers(1, 8)


class Mailbox(RuleBasedStateMachine):
    """What was received and not dealt with, in order; what was dealt with, as a transcript."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        with Redis.from_url(self.url) as client:
            client.flushdb()
        self.runner = asyncio.Runner()
        config = RedisConfig.model_validate({"url": self.url, "lease_seconds": 60, "poll_seconds": 0.05})
        self.store = RedisStore(self.runner.run(connect(config)), Notebook())
        self.known: dict[tuple[ConversationId, int], bool] = {}
        self.pending: dict[ConversationId, dict[tuple[int, bool], str]] = defaultdict(dict)
        self.written: dict[ConversationId, int] = defaultdict(int)
        self.held: dict[ConversationId, Claim] = {}
        self.attempts: dict[ConversationId, int] = defaultdict(int)
        self.spent: list[Claim] = []

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()

    @rule(root=ROOTS, ts=TIMES, complete=st.booleans())
    def receive(self, root: int, ts: int, complete: bool) -> None:
        home = thread(f"{root}.0")
        text = f"{ts} {'complete' if complete else 'notice'}"
        event = posted(ts, home, ids=(f"{root}:{ts}",), complete=complete, text=text)
        answer = self.runner.run(self.store.receive(home.conversation, home, event))
        fact = (home.conversation, ts)
        upgrade = fact in self.known and complete and not self.known[fact]
        assert answer == ("stored" if fact not in self.known or upgrade else "duplicate")
        if answer == "stored":
            self.pending[home.conversation].pop((ts, False), None)
            self.pending[home.conversation][ts, complete] = text
            self.known[fact] = complete

    def free(self) -> list[ConversationId]:
        return [name for name, events in self.pending.items() if events and name not in self.held]

    @precondition(lambda self: bool(self.free()))
    @rule()
    def claim(self) -> None:
        claim = self.runner.run(claimed(self.store))
        name = claim.lease.conversation
        assert name in self.free()
        assert self.texts(claim.pending) == self.expected(name)
        assert (claim.entries, claim.attempts, claim.stolen) == (self.written[name], self.attempts[name], False)
        self.held[name] = claim
        self.attempts[name] += 1

    @precondition(lambda self: bool(self.held))
    @rule(which=st.integers(0), some=st.integers(0, 8), again=st.booleans())
    def commit(self, which: int, some: int, again: bool) -> None:
        name = sorted(self.held)[which % len(self.held)]
        claim = self.held.pop(name)
        dealt_with = claim.pending[:some]
        entries = tuple(said(each.event) for each in dealt_with if isinstance(each.event, MessagePosted))
        commit = Commit(entries=entries, done=tuple(each.key for each in dealt_with))
        for _ in range(1 + again):
            self.runner.run(self.store.commit(claim.lease, commit))
        for text in self.texts(dealt_with):
            ts, kind = text.split()
            self.pending[name].pop((int(ts), kind == "complete"), None)
        self.written[name] += len(entries)
        self.attempts[name] = 0
        self.spent.append(claim)

    @precondition(lambda self: bool(self.held))
    @rule(which=st.integers(0))
    def give_back(self, which: int) -> None:
        claim = self.held.pop(sorted(self.held)[which % len(self.held)])
        self.runner.run(self.store.release(claim.lease, 0.0))
        self.spent.append(claim)

    @precondition(lambda self: bool(self.spent))
    @rule(which=st.integers(0))
    def write_too_late(self, which: int) -> None:
        claim = self.spent[which % len(self.spent)]
        with pytest.raises(Fenced):
            self.runner.run(self.store.journal(claim.lease, "step", "record"))

    @invariant()
    def everything_held_is_seen_in_order(self) -> None:
        for name, claim in self.held.items():
            assert self.texts(self.runner.run(self.store.look(claim.lease))) == self.expected(name)

    @invariant()
    def the_transcript_has_what_was_committed(self) -> None:
        for name, length in self.written.items():
            assert len(self.runner.run(self.store.transcript(name))) == length

    def expected(self, name: ConversationId) -> list[str]:
        return [text for _, text in sorted(self.pending[name].items())]

    @staticmethod
    def texts(pending: Sequence[Pending]) -> list[str]:
        return [each.event.message.text for each in pending if isinstance(each.event, MessagePosted)]


def test_the_mailbox_does_what_its_model_does(redis_url: str) -> None:
    class OnThisServer(Mailbox):
        url = redis_url

    run_state_machine_as_test(
        OnThisServer,
        settings=settings(
            max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
