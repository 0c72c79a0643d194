"""Conflicts of interest as sentences about the cast: declared, recorded, found; and who judges when nobody is left."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from contracts.actions import panel
from contracts.models import Declaration, Panelist, ReplacementRequest, Score
from contracts.queries.panel import with_conflicts
from contracts.tasks import watch_panels
from core.clock import business_date
from core.errors import Denied, Invalid, InvalidTransition
from core.models import AuditRecord, Parameter
from microenterprises.actions import firms
from microenterprises.models import Membership
from people.models import User
from tests.cast import Cast, cast, person
from tests.contracts.market import bids_on, evaluating, figures_of, give, published
from tests.contracts.panels import all_in, status_of, three, told, vacant

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def test_nobody_gives_points_before_they_declared(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    with pytest.raises(Denied, match="Say first whether"):
        panel.submit_scores(project=project, figures=figures_of({first: 1, second: 1}), by=cast.noor)
    panel.declare_none(project=project, by=cast.noor)
    with pytest.raises(InvalidTransition):
        panel.declare_none(project=project, by=cast.noor)
    for outsider in (cast.lin, cast.amara, cast.ada):
        with pytest.raises(Denied, match="Only the panel"):
            panel.declare_none(project=project, by=outsider)


def test_before_the_opening_nothing_is_declared(cast: Cast) -> None:
    project = published(cast, **three(cast))
    bid = bids_on(project, cast.cold_chain, cast.amara)
    with pytest.raises(InvalidTransition, match="sealed until"):
        panel.declare_none(project=project, by=cast.noor)
    with pytest.raises(InvalidTransition, match="sealed until"):
        panel.declare_conflict(project=project, bid=bid, reason="x", by=cast.noor)


def test_where_only_the_price_counts_nothing_is_declared(cast: Cast) -> None:
    project, _first, _second = evaluating(cast, panel=[cast.noor])
    with pytest.raises(InvalidTransition, match="Only the price counts"):
        panel.declare_none(project=project, by=cast.noor)


def test_a_declared_conflict_takes_out_at_once_and_voids_what_was_given(cast: Cast) -> None:
    project, first, second = all_in(cast)
    made = panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.hua)
    with pytest.raises(Invalid, match="connects you"):
        panel.declare_conflict(project=project, bid=first, reason=" ", by=cast.sol)
    panel.declare_conflict(project=project, bid=first, reason="Amara is my sister.", by=cast.sol)
    assert status_of(project, cast.sol) == "conflicted"
    assert Score.objects.filter(panelist__person=cast.sol, voided_at=None).count() == 0
    assert Score.objects.filter(voided_at=None).count() == 4
    made.refresh_from_db()
    assert made.status == "dropped"
    for deed in (
        lambda: panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.sol),
        lambda: panel.declare_none(project=project, by=cast.sol),
        lambda: panel.declare_conflict(project=project, bid=first, reason="Again.", by=cast.sol),
    ):
        with pytest.raises(Denied, match="conflict of interest"):
            deed()
    again = panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.hua)
    assert again.needed == 1
    assert "Sol left the panel" in told(cast.lin)[-1]
    with pytest.raises(IntegrityError, match="does not come back"), transaction.atomic():
        Panelist.objects.filter(person=cast.sol).update(status="ready")


def test_who_is_awaited_and_leaves_lets_the_others_go_on(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    give(project, figures_of({first: 1, second: 1}), cast.noor)
    give(project, figures_of({first: 2, second: 2}), cast.sol)
    assert not Score.objects.exists()
    panel.declare_conflict(project=project, bid=second, reason="I invested in it.", by=cast.hua)
    assert Score.objects.count() == 4


def test_the_steward_records_a_conflict_and_nobody_else_does(cast: Cast) -> None:
    project, first, _second = all_in(cast)
    for outsider in (cast.lin, cast.rui, cast.noor, cast.teo):
        with pytest.raises(Denied, match="Only the steward"):
            panel.record_conflict(project=project, person=cast.sol, bid=first, reason="Seen.", by=outsider)
    with pytest.raises(Invalid, match="not on this panel"):
        panel.record_conflict(project=project, person=cast.teo, bid=first, reason="Seen.", by=cast.ada)
    panel.record_conflict(project=project, person=cast.sol, bid=first, reason="Seen at dinner.", by=cast.ada)
    assert status_of(project, cast.sol) == "conflicted"
    assert "You no longer judge" in told(cast.sol)[-1]
    with pytest.raises(InvalidTransition):
        panel.record_conflict(project=project, person=cast.sol, bid=first, reason="Again.", by=cast.ada)
    facts = AuditRecord.objects.get(deed="project.conflict_found").facts
    assert (facts["person"], facts["says"], facts["voided"]) == (str(cast.sol.pk), "recorded", 2)


def joined(somebody: User, firm: Any, *, since: date, until: date | None = None) -> None:
    Membership.objects.create(
        microenterprise=firm, person=somebody, role="Helper", customer_outcome="x", track="stable", started_on=since,
        ended_on=until,
    )  # fmt: skip


def test_a_member_of_a_bidder_is_found_by_the_clock_and_at_once_at_the_door(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    give(project, figures_of({first: 1, second: 1}), cast.noor)
    joined(cast.noor, cast.cold_chain, since=business_date())
    with pytest.raises(Denied, match="conflict of interest"):
        panel.submit_scores(project=project, figures=figures_of({first: 2, second: 1}), by=cast.noor)
    watch_panels()
    assert status_of(project, cast.noor) == "conflicted"
    found = Declaration.objects.get(says="member")
    assert (found.bid, found.reason, found.made_by) == (first, "Cold Chain", None)
    watch_panels()
    assert Declaration.objects.exclude(says="none").count() == 1


@pytest.mark.parametrize(("days", "status"), [(1, "conflicted"), (364, "conflicted"), (366, "named")])
def test_who_left_a_bidder_not_long_ago_does_not_judge(cast: Cast, days: int, status: str) -> None:
    project, _first, _second = evaluating(cast, **three(cast))
    left = business_date() - timedelta(days=days)
    joined(cast.sol, cast.northwind, since=left - timedelta(days=30), until=left)
    assert with_conflicts(business_date()).count() == (status == "conflicted")
    watch_panels()
    assert status_of(project, cast.sol) == status


def test_how_long_ago_is_a_dated_parameter(cast: Cast) -> None:
    Parameter.objects.create(name="conflict_lookback_days", holds_from=date(2026, 1, 1), value=10)
    project, _first, _second = evaluating(cast, **three(cast))
    left = business_date() - timedelta(days=20)
    joined(cast.sol, cast.northwind, since=left - timedelta(days=30), until=left)
    assert panel.find_conflicts(project=project) == 0


def test_who_shares_an_me_with_the_author_of_a_bid_does_not_judge(cast: Cast) -> None:
    _project, first, _second = evaluating(cast, **three(cast))
    assert not with_conflicts(business_date()).exists()
    joined(cast.amara, cast.blue_kettle, since=business_date())
    watch_panels()
    assert not with_conflicts(business_date()).exists()
    found = Declaration.objects.get()
    assert (found.says, found.panelist.person, found.bid, found.reason) == (
        "shares_me",
        cast.noor,
        first,
        "Blue Kettle",
    )


def test_points_of_somebody_found_out_do_not_count_when_the_last_comes(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    give(project, figures_of({first: 9_999, second: 1}), cast.noor)
    give(project, figures_of({first: 5, second: 5}), cast.sol)
    joined(cast.noor, cast.cold_chain, since=business_date())
    give(project, figures_of({first: 6, second: 6}), cast.hua)
    assert set(Score.objects.values_list("panelist__person", flat=True)) == {cast.sol.pk, cast.hua.pk}
    assert status_of(project, cast.noor) == "conflicted"


def test_with_nobody_left_the_buyer_asks_and_the_steward_names_somebody_from_outside(cast: Cast) -> None:
    project, first, second = vacant(cast)
    assert "Ask the steward for a new member" in told(cast.lin)[-1]
    with pytest.raises(InvalidTransition, match="has not asked"):
        panel.name_replacement(project=project, person=cast.hua, by=cast.ada)
    for outsider in (cast.noor, cast.amara, cast.ada):
        with pytest.raises(Denied, match="Only the leader of Blue Kettle"):
            panel.ask_for_replacement(project=project, reason="x", by=outsider)
    panel.ask_for_replacement(project=project, reason="Somebody who knows boxes.", by=cast.lin)
    with pytest.raises(InvalidTransition, match="asked already"):
        panel.ask_for_replacement(project=project, reason="Again.", by=cast.lin)
    assert "Name a panel member" in told(cast.ada)[-1]
    with pytest.raises(Denied, match="Only the steward names"):
        panel.name_replacement(project=project, person=cast.hua, by=cast.lin)
    vendor = person("Vendor", "vendor")
    for nobody in (cast.mei, cast.noor, vendor, cast.ada):
        with pytest.raises(Invalid):
            panel.name_replacement(project=project, person=nobody, by=cast.ada)
    named = panel.name_replacement(project=project, person=cast.hua, by=cast.ada)
    assert (named.named_by, named.status) == (cast.ada, "named")
    assert ReplacementRequest.objects.get().panelist == named
    with pytest.raises(InvalidTransition):
        panel.name_replacement(project=project, person=cast.fay, by=cast.ada)
    give(project, figures_of({first: 3_000, second: 4_000}), cast.hua)
    first.refresh_from_db()
    assert first.quality_points == 3_000


def test_the_panel_stays_fixed_but_for_the_replacement_that_was_asked_for(cast: Cast) -> None:
    project, _first, _second = evaluating(cast, **three(cast))
    with pytest.raises(InvalidTransition, match="is left on the panel"):
        panel.ask_for_replacement(project=project, reason="x", by=cast.lin)
    now = project.opened_at
    with pytest.raises(IntegrityError, match="panel of a published project is fixed"), transaction.atomic():
        Panelist.objects.create(project=project, person=cast.fay, named_at=now, named_by=cast.ada)
    with pytest.raises(IntegrityError, match="for one person"), transaction.atomic():
        Panelist.objects.filter(project=project).update(person=cast.fay)


@pytest.mark.parametrize("side", ["buyer", "bidder"])
def test_a_steward_with_a_part_in_it_decides_nothing_about_who_judges(cast: Cast, side: str) -> None:
    own, leader = (cast.blue_kettle, cast.lin) if side == "buyer" else (cast.northwind, cast.teo)
    firms.join(
        microenterprise=own, person=cast.ada, role="Adviser", customer_outcome="x", on=business_date(), by=leader
    )
    project, first, _second = evaluating(cast, **three(cast))
    with pytest.raises(Denied):
        panel.record_conflict(project=project, person=cast.noor, bid=first, reason="Friends.", by=cast.ada)
    with pytest.raises(Denied):
        panel.name_replacement(project=project, person=cast.rui, by=cast.ada)
