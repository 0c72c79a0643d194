"""What a prepared statement finds for a reader is what the reader's own query says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Model, UUIDField
from django.http import Http404

from contracts.access import contract_or_404, contract_page, project_or_404, project_page
from contracts.actions import finding, questions
from contracts.models import Project
from contracts.permissions.standing import standing_of
from core.clock import business_date
from core.prepared import Among, Asked
from microenterprises.models import Membership
from people.models import User
from tests.cast import START, Cast, person
from tests.contracts import scenes
from tests.contracts.market import drafted, published, quality_facts
from tests.contracts.outsiders import NORDFROST, invited, seated

pytestmark = pytest.mark.django_db


def readers(cast: Cast) -> list[User]:
    """Members of both parties and of neither, those who see all of some things, one who left, one with two roles."""
    left = person("Left", "steward")
    left.is_active = False
    left.save()
    return [
        *(cast.lin, cast.noor, cast.amara, cast.mei, cast.teo, cast.sol, cast.ada, cast.rui, cast.fay, cast.hua),
        *(left, person("Both", "auditor", "finance")),
    ]


def everything(found: Model, *above: Model) -> dict[str, Any]:
    """A row's columns and annotations, and the rows that were read with it; those that know it back are `above`."""
    state = {name: value for name, value in vars(found).items() if name != "_state"}
    further = {name: row for name, row in found._state.fields_cache.items() if row not in above}
    read = {name: row and everything(row, found, *above) for name, row in further.items()}
    return state | {"read": read, "database": found._state.db}


def answer(ask: Callable[[], Model]) -> dict[str, Any] | None:
    """Everything of what is found, or None for a 404."""
    try:
        return everything(ask())
    except Http404:
        return None


def plain(row: Model | None) -> dict[str, Any] | None:
    return None if row is None else everything(row)


def test_every_reader_gets_of_a_project_what_the_plain_query_says(cast: Cast) -> None:
    outside = invited(cast)
    vera = seated(outside)
    judged = published(cast, **quality_facts(cast))
    questions.ask(project=judged, text="How cold?", by=cast.sol)
    finding.watch(project=judged, by=cast.teo)
    finding.watch(project=outside, by=cast.mei)
    projects = [outside.pk, judged.pk, drafted(cast).pk, UUID(int=9), UUID(int=1), UUID(int=2)]
    shown = []
    for reader in (*readers(cast), vera):
        for pk in projects:
            found = answer(lambda: project_or_404(reader, pk).project)  # noqa: B023 - asked at once
            assert found == plain(project_page(reader, reader, pk).first())
            shown.append((reader.name, pk, found and found["watching"]))
    assert ("Teo", judged.pk, True) in shown and ("Mei", judged.pk, False) in shown
    assert (vera.name, judged.pk, None) in shown and ("Lin", projects[2], False) in shown
    assert ("Teo", projects[2], None) in shown and (vera.name, outside.pk, False) in shown


def test_every_reader_gets_of_a_contract_what_the_plain_query_says(cast: Cast) -> None:
    done, waiting = scenes.completed(cast), scenes.awarded(cast, title="Another")
    vera = seated(invited(cast, firm=NORDFROST))
    on = business_date()
    shown = []
    for reader in (*readers(cast), vera):
        for pk in (done.pk, waiting.pk, UUID(int=2)):
            found = answer(lambda: contract_or_404(reader, pk, on).contract)  # noqa: B023 - asked at once
            assert found == plain(contract_page(reader, reader, on, pk).first())
            shown += [reader.name] if found else []
    assert {*shown} >= {"Lin", "Mei", "Fay", "Rui", "Ada"}
    assert not {*shown} & {"Teo", "Sol", "Hua", "Left", vera.name}


def test_a_place_that_began_later_does_not_stand_for_the_day_before(cast: Cast) -> None:
    contract = scenes.signed(cast)
    on = business_date()
    assert contract_or_404(cast.amara, contract.pk, on).place.leads == {"supplier"}
    assert contract_or_404(cast.amara, contract.pk, START - timedelta(days=1)).place.leads == set()


def test_everybody_stands_where_their_memberships_say(cast: Cast) -> None:
    on = business_date()
    for reader in readers(cast):
        for day in (on, START, START - timedelta(days=1)):
            rows = Membership.objects.active(day).filter(person=reader).order_by("microenterprise__name")
            plain = list(rows.select_related("microenterprise"))
            who = standing_of(reader, day)
            assert who.firms == tuple(row.microenterprise for row in plain)
            assert who.led == tuple(row.microenterprise for row in plain if row.is_lead)
    assert standing_of(cast.mei, on).firms == (cast.cold_chain,)


def test_any_number_of_rows_can_be_asked_for(cast: Cast) -> None:
    one, two = drafted(cast, title="One"), drafted(cast, title="Two")
    drafted(cast, title="Three")

    def found(*ids: UUID) -> list[Project]:
        rows = Project.objects.filter(pk__in=Among("ids", UUIDField())).order_by("title")
        return Asked[Project](lambda: rows, "some projects", {"ids": ids}).rows()

    assert found(two.pk, one.pk) == [one, two]
    assert found(two.pk) == [two]
    assert found() == []
