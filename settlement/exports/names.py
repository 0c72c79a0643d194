"""How the parties of accounts are called: people and entities by their names, looked up many at once."""

from collections.abc import Iterable
from uuid import UUID

from ledger import reports
from ledger.accounts import Book
from people.models import User

AT_ONCE = 5000


class Names:
    """Names of parties (`person:<uuid>`, `entity:<id>`, `owner:<name>`), asked for by calling it; else empty."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, party: str) -> str:
        return self._known.get(party, "")

    def learn(self, parties: Iterable[str]) -> None:
        """Look up the parties that are not known yet, in two statements."""
        new = [party for party in set(parties) if party and party not in self._known]
        people = {party: number for party in new if (number := _person(party))}
        entities = {party: int(party[7:]) for party in new if party.startswith("entity:") and party[7:].isdecimal()}
        if people:
            found = dict(User.objects.filter(pk__in=people.values()).values_list("pk", "name"))
            self._known |= {party: found.get(number, "") for party, number in people.items()}
        if entities:
            named = reports.entity_names(entities.values())
            self._known |= {party: named.get(number, "") for party, number in entities.items()}
        self._known |= {party: party[6:] for party in new if party.startswith("owner:")}

    @classmethod
    def of(cls, entity_ids: list[int], book: Book) -> "Names":
        """The names of every party of some entities."""
        names = cls()
        parties = reports.parties_of(entity_ids, book)
        for start in range(0, len(parties), AT_ONCE):
            names.learn(parties[start : start + AT_ONCE])
        return names


def _person(party: str) -> UUID | None:
    if not party.startswith("person:"):
        return None
    try:
        return UUID(party[7:])
    except ValueError:
        return None
