"""What one customer may ask of the assistant within an hour, so that nobody can spend the team's money without end."""

from collections import OrderedDict

from frontdesk.domain.people import Person
from frontdesk.ports.clock import Clock

_HOUR = 3600.0
_REMEMBERED = 20_000


class Allowance:
    """Counts what each customer asked within the last hour; every process counts by itself."""

    def __init__(self, an_hour: int, clock: Clock) -> None:
        self._an_hour = an_hour
        self._clock = clock
        self._asked: OrderedDict[str, OrderedDict[str, float]] = OrderedDict()

    def used(self, person: Person, what: str) -> float:
        """The share of the allowance that is used up with this; the same thing asked again is not counted again."""
        if not self._an_hour:
            return 0.0
        now = self._clock.elapsed()
        asked = self._asked.setdefault(person.key, OrderedDict())
        self._asked.move_to_end(person.key)
        while len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        while asked and next(iter(asked.values())) <= now - _HOUR:
            asked.popitem(last=False)
        if what not in asked and len(asked) <= 2 * self._an_hour:
            asked[what] = now
        place = list(asked).index(what) + 1 if what in asked else len(asked) + 1
        return place / self._an_hour

    def is_first_over(self, used: float) -> bool:
        """Whether this is the one that uses up more than there is."""
        return bool(self._an_hour) and round(used * self._an_hour) == self._an_hour + 1
