"""States and transitions as a table, and the compare-and-swap that moves a row along it.

A room's `lifecycle.py` declares its tables with `Lifecycle`; `docs/lifecycles.md` is generated from them and diffed
by a test. Who may do it is not asked here (see each room's permissions).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from core.errors import InvalidTransition


@dataclass(frozen=True)
class Lifecycle:
    """The states of one thing. `moves` maps a verb to the states it may start from and the state it ends in."""

    noun: str
    states: Mapping[str, Any]
    moves: Mapping[str, tuple[tuple[str, ...], str]]
    field: str = "status"

    def check(self, state: str, verb: str) -> None:
        """Raise InvalidTransition with a sentence unless `verb` is possible in `state`."""
        allowed, _target = self.moves[verb]
        if state not in allowed:
            raise InvalidTransition(
                _("This is %(state)s now, so this step is no longer possible here.")
                % {"state": str(self.states[state]).lower()},
                state=state,
            )

    def move(self, row: Model, verb: str, **changes: Any) -> None:
        """Move a saved row by compare-and-swap and set `changes` with it.

        Raises InvalidTransition when the row is not, or no longer, in a state from which `verb` starts.
        """
        current = getattr(row, self.field)
        self.check(current, verb)
        target = self.moves[verb][1]
        manager = type(row)._default_manager
        swapped = manager.filter(pk=row.pk, **{self.field: current}).update(**{self.field: target}, **changes)
        if swapped != 1:
            raise InvalidTransition(_("Somebody changed this a moment ago. Reload the page and look again."))
        for name, value in {self.field: target, **changes}.items():
            setattr(row, name, value)

    def mermaid(self) -> Iterable[str]:
        """The diagram of the table, line by line, for the docs."""
        yield "stateDiagram-v2"
        for verb, (sources, target) in self.moves.items():
            for source in sources:
                yield f"    {source} --> {target}: {verb}"
