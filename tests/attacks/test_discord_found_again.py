"""After a lost answer of the platform, nothing that stands there for another reason is taken for what was lost."""

from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.core.turn import Turn
from frontdesk.domain.conversations import Conversation
from frontdesk.domain.ids import ConversationId
from frontdesk.domain.messages import MessageRef, Thread
from frontdesk.domain.transcript import AssistantSaid
from frontdesk.ports.store import Claim, Lease

HERE = Thread(platform="discord", community="1", channel="2", root="3")


class Finds:
    """A platform that knows again more than it was asked for, as Discord does of what was posted seconds before."""

    def __init__(self, *ids: str) -> None:
        self._found = tuple(MessageRef(thread=HERE, id=one) for one in ids)

    async def find(self, thread: Thread, marker: str) -> tuple[MessageRef, ...]:
        return self._found


def turn_after(*posted: str, journal: dict[str, str] | None = None) -> Turn:
    """A turn in a thread where the desk has posted these messages before."""
    conversation = ConversationId(HERE.conversation)
    refs = tuple(MessageRef(thread=HERE, id=one) for one in posted)
    said = AssistantSaid(at=1.0, turn="before", refs=refs, markdown="Two days.")
    before = Conversation(id=conversation, thread=HERE).after([said])
    lease = Lease.model_construct(conversation=conversation)
    claim = Claim.model_construct(lease=lease, journal=journal or {}, pending=(), entries=1, thread=HERE)
    return Turn(claim, before, None, None, SystemClock())  # type: ignore[arg-type]


async def test_an_answer_that_was_lost_does_not_take_the_place_of_the_one_before() -> None:
    found = await turn_after("10", "11").find(Finds("10", "11", "12"), HERE, "answer")  # type: ignore[arg-type]
    assert [ref.id for ref in found] == ["12"]


async def test_what_another_step_of_the_same_turn_posted_is_not_taken_for_this_one() -> None:
    ref = MessageRef(thread=HERE, id="20").model_dump_json()
    journal = {"customer:1": f'{{"turn": "t", "result": [{ref}]}}', "customer:2": '{"turn": "t"}'}
    found = await turn_after("10", journal=journal).find(Finds("20", "21"), HERE, "customer:2")  # type: ignore[arg-type]
    assert [ref.id for ref in found] == ["21"]
