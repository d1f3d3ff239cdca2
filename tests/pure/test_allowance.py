"""What one customer may ask of the assistant within an hour."""

from frontdesk.core.allowance import Allowance
from frontdesk.domain.people import Person

ALICE = Person(platform="slack", community="T1", id="UALICE")
BOB = Person(platform="slack", community="T1", id="UBOB")


class Standing:
    """A clock that a test moves."""

    at = 100.0

    def now(self) -> float:
        return self.at

    def elapsed(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


def test_each_question_uses_up_its_share_once() -> None:
    allowance = Allowance(4, Standing())
    assert [allowance.used(ALICE, what) for what in ("a", "b", "b", "a", "c")] == [0.25, 0.5, 0.5, 0.25, 0.75]
    assert allowance.used(BOB, "a") == 0.25


def test_exactly_one_question_is_the_first_over() -> None:
    allowance = Allowance(3, Standing())
    firsts = [allowance.is_first_over(allowance.used(ALICE, str(number))) for number in range(50)]
    assert firsts.index(True) == 3
    assert sum(firsts) == 1


def test_after_an_hour_there_is_room_again() -> None:
    clock = Standing()
    allowance = Allowance(2, clock)
    for number in range(1000):
        allowance.used(ALICE, str(number))
    assert allowance.used(ALICE, "more") > 2
    clock.at += 3601
    assert allowance.used(ALICE, "later") == 0.5


def test_none_is_no_limit() -> None:
    allowance = Allowance(0, Standing())
    used = [allowance.used(ALICE, str(number)) for number in range(100)]
    assert set(used) == {0.0}
    assert not any(map(allowance.is_first_over, used))
