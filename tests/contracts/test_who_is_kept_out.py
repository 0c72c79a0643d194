"""Auditors take no part, a place agreed on ties before it begins, and who is to judge reads no price before."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from contracts.actions import awards, contracts, panel
from contracts.models import Contract, Project, Release
from contracts.queries.panel import with_conflicts
from core.clock import business_date
from core.errors import Denied, Invalid
from microenterprises.actions import firms
from microenterprises.models import Microenterprise
from people import actions as people
from people.models import User
from tests.cast import Cast, cast, person
from tests.contracts import market, scenes
from tests.contracts.outsiders import invited, seated, vendor_of
from tests.contracts.test_decisions import chosen

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def join(me: Microenterprise, somebody: User, by: User, *, in_days: int = 0) -> None:
    day = business_date() + timedelta(days=in_days)
    firms.join(microenterprise=me, person=somebody, role="Adviser", customer_outcome="Cold.", on=day, by=by)


def judged(cast: Cast) -> Project:
    """An opened project on which Noor judges quality and has not declared yet."""
    project = market.published(cast, **market.quality_facts(cast))
    market.two_bids(cast, project)
    return market.opened(project)


def test_an_auditor_is_not_named_for_a_panel(cast: Cast) -> None:
    with pytest.raises(Invalid, match="Rui audits the market") as refused:
        market.published(cast, **market.quality_facts(cast) | {"panel": [cast.rui]})
    assert refused.value.field == "panel"


def test_who_became_an_auditor_since_does_not_judge(cast: Cast) -> None:
    project = judged(cast)
    User.objects.filter(pk=cast.noor.pk).update(roles=["auditor"])
    with pytest.raises(Denied, match="takes no part"):
        panel.declare_none(project=project, by=User.objects.get(pk=cast.noor.pk))


def test_a_steward_who_audits_too_is_an_auditor_only(cast: Cast) -> None:
    both = person("Bo", "steward", "auditor")
    join(cast.northwind, both, cast.teo)
    project, _first, second = market.evaluating(cast)
    award = chosen(project, second, cast.lin)
    with pytest.raises(Denied):
        awards.agree(award=award, reason="Ours.", by=both)
    assert both.has_role("auditor")
    assert not both.has_role("steward", "hr", "finance")


def test_hr_gives_the_auditor_no_other_role(cast: Cast) -> None:
    with pytest.raises(Invalid, match="changes nothing, so has no other role") as refused:
        people.correct(person=cast.rui, changes={"roles": ["auditor", "steward"]}, by=cast.hua)
    assert refused.value.field == "roles"


def test_a_judge_who_is_to_join_a_bidder_next_week_does_not_judge(cast: Cast) -> None:
    project = judged(cast)
    join(cast.cold_chain, cast.noor, cast.amara, in_days=7)
    assert with_conflicts(business_date()).get() == project
    with pytest.raises(Denied, match="conflict of interest"):
        panel.declare_none(project=project, by=cast.noor)


def test_an_acceptor_who_is_to_join_the_supplier_does_not_accept(cast: Cast) -> None:
    contract = scenes.signed(cast)
    join(cast.blue_kettle, cast.sol, cast.lin)
    join(cast.cold_chain, cast.sol, cast.amara, in_days=7)
    with pytest.raises(Invalid, match="Sol cannot accept"):
        contracts.name_acceptor(contract=contract, acceptor=cast.sol, by=cast.lin)
    assert Contract.objects.get().acceptor == cast.noor


@pytest.mark.parametrize("side", ["acceptor", "bidder"])
def test_a_place_that_begins_later_keeps_an_me_from_bidding(cast: Cast, side: str) -> None:
    project = market.published(cast)
    if side == "acceptor":
        join(cast.cold_chain, cast.noor, cast.amara, in_days=7)
    else:
        join(cast.blue_kettle, cast.amara, cast.lin, in_days=7)
    with pytest.raises(Denied, match="Nobody buys from themselves"):
        market.bids_on(project, cast.cold_chain, cast.amara)


def test_who_has_not_declared_reads_no_price_in_the_feed(cast: Cast) -> None:
    project = judged(cast)

    def told(reader: User) -> str:
        return "".join(Release.objects.visible_to(reader).filter(project=project).values_list("body", flat=True))

    assert "80000" in told(cast.mei)
    assert "80000" not in told(cast.noor)
    assert project.title in told(cast.noor)
    panel.declare_none(project=project, by=cast.noor)
    assert "80000" in told(cast.noor)


def test_who_has_not_declared_reads_no_price_beside_the_competitiveness(cast: Cast) -> None:
    project = invited(cast, **market.quality_facts(cast))
    vera = seated(project)
    market.bids_on(project, cast.cold_chain, cast.amara, 91_234_00)
    market.bids_on(project, vendor_of(vera), vera, 85_678_00)
    market.opened(project)
    client = Client()
    for reader, reads in ((cast.mei, True), (cast.noor, False)):
        client.force_login(reader)
        page = client.get(reverse("competitiveness", args=[cast.cold_chain.pk])).content.decode()
        assert ("91,234" in page, "85,678" in page) == (reads, reads)


def test_a_steward_of_a_bidder_neither_takes_a_judge_out_nor_names_one(cast: Cast) -> None:
    join(cast.northwind, cast.ada, cast.teo)
    project = judged(cast)
    bid = project.bids.order_by("pk")[0]
    with pytest.raises(Denied, match="A member of Northwind"):
        panel.record_conflict(project=project, person=cast.noor, bid=bid, reason="Friends.", by=cast.ada)
    panel.declare_conflict(project=project, bid=bid, reason="Sister.", by=cast.noor)
    panel.ask_for_replacement(project=project, reason="Nobody is left.", by=cast.lin)
    with pytest.raises(Denied, match="A member of Northwind"):
        panel.name_replacement(project=project, person=cast.sol, by=cast.ada)
    panel.name_replacement(project=project, person=cast.sol, by=person("Bo", "steward"))
