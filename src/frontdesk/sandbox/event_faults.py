"""Faults of events, on demand: what a local platform does wrong with the next ones it tells the app of."""

from collections.abc import Callable


class EventFaults:
    """What shall go wrong with the next events; everything else goes right."""

    def __init__(self) -> None:
        self.duplicates = 0
        self.reorder = 0
        self.lost = 0
        self.holding = False
        self.on_release: Callable[[], None] | None = None
        """Delivers what was kept back."""

    def events(
        self,
        *,
        duplicate: int | None = None,
        reorder: int | None = None,
        lose: int | None = None,
        hold: bool | None = None,
    ) -> None:
        """What happens to the next events.

        `duplicate`: each is delivered twice. `reorder`: so many are gathered and come in reverse order.
        `lose`: never delivered. `hold`: kept back until `hold=False`, which also delivers those
        gathered for a reorder.
        """
        self.duplicates = self.duplicates if duplicate is None else duplicate
        self.reorder = self.reorder if reorder is None else reorder
        self.lost = self.lost if lose is None else lose
        self.holding = self.holding if hold is None else hold
        if hold is False and self.on_release is not None:
            self.on_release()

    def take_duplicate(self) -> bool:
        self.duplicates, hit = max(0, self.duplicates - 1), self.duplicates > 0
        return hit

    def take_loss(self) -> bool:
        self.lost, hit = max(0, self.lost - 1), self.lost > 0
        return hit
