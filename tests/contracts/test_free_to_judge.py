"""Who is free to choose, agree and rule: nobody tied to a bidder, nobody with a part in it, nobody by a detour."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from contracts.actions import awards, contracts, lots, low_prices, objections, panel, projects
from contracts.lots import LotDraft
from contracts.models import Award, Bid, Contract, Project
from core import parameters
from core.clock import business_date, market_now, move_forward
from core.errors import Conflict, Denied, InvalidTransition
from core.models import Parameter
from microenterprises.actions import firms
from microenterprises.models import Membership, Microenterprise
from people.models import Notice, User
from tests.cast import Cast, cast, firm, person
from tests.contracts import market
from tests.contracts.market import bids_on, evaluating, opened, published
from tests.contracts.test_decisions import again, chosen, objections_take, until

__all__ = ["cast"]
pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def joins(somebody: User, me: Microenterprise, leader: User, *, days: int = 0) -> Membership:
    return firms.join(
        microenterprise=me,
        person=somebody,
        role="Adviser",
        customer_outcome="Cold.",
        on=business_date() + timedelta(days=days),
        by=leader,
    )


def was_there(somebody: User, me: Microenterprise, leader: User) -> None:
    """A day as a member, over since today."""
    place = joins(somebody, me, leader)
    move_forward(DAY)
    firms.leave(membership=place, on=business_date(), by=somebody)


def three_bids(cast: Cast, **changes: object) -> tuple[Project, Bid, Bid, Bid]:
    """Amara asks 80,000, Teo 90,000 and Sol 99,000."""
    project = published(cast, **changes)
    bids = (
        bids_on(project, cast.cold_chain, cast.amara, 80_000_00),
        bids_on(project, cast.northwind, cast.teo, 90_000_00),
        bids_on(project, firm("Snow", cast.platform, cast.sol), cast.sol, 99_000_00),
    )
    project = opened(project)
    first, second, third = (Bid.objects.get(pk=bid.pk) for bid in bids)
    return project, first, second, third


def page(somebody: User, name: str, *args: object) -> str:
    client = Client()
    client.force_login(somebody)
    response = client.get(reverse(name, args=args))
    assert response.status_code == HTTPStatus.OK, (name, response.status_code)
    return str(response.content.decode())


def refused(somebody: User, name: str, *args: object) -> bool:
    client = Client()
    client.force_login(somebody)
    return client.get(reverse(name, args=args)).status_code == HTTPStatus.FORBIDDEN


# ------------------------------------------------------------------ who chooses


def with_a_conflict(cast: Cast) -> tuple[Project, Bid, Bid]:
    """Lin is on the panel and said that Amara is her sister; Noor judged alone."""
    project = published(cast, **(market.quality_facts(cast) | {"panel": [cast.lin, cast.noor]}))
    first, second = market.two_bids(cast, project)
    project = opened(project)
    first = Bid.objects.get(pk=first.pk)
    panel.declare_conflict(project=project, bid=first, reason="Amara is my sister.", by=cast.lin)
    market.give(project, market.figures_of({first: 9_000, second: 1}), cast.noor)
    return project, Bid.objects.get(pk=first.pk), Bid.objects.get(pk=second.pk)


def test_a_leader_with_a_declared_conflict_ends_without_an_award_and_decides_nothing_else(cast: Cast) -> None:
    project, first, second = with_a_conflict(cast)
    for deed in (
        lambda: chosen(project, first, cast.lin),
        lambda: chosen(project, second, cast.lin),
        lambda: awards.disqualify(bid=second, reason="No.", by=cast.lin),
        lambda: low_prices.ask_about_price(bid=first, by=cast.lin),
    ):
        with pytest.raises(Denied, match=r"conflict of interest with a bidder here\. So you do not choose"):
            deed()
    shown = page(cast.lin, "project_detail", project.pk)
    assert "Hand the lead of Blue Kettle over" in shown
    assert reverse("bid_disqualify", args=[project.pk, first.pk]) not in shown
    assert refused(cast.lin, "project_award", project.pk, first.pk)
    assert refused(cast.lin, "bid_disqualify", project.pk, first.pk)
    assert awards.no_award(project=project, reason="My sister bids.", by=cast.lin).status == "unsuccessful"


@pytest.mark.parametrize("days", [0, 7])
def test_a_leader_who_joins_a_loser_does_not_take_the_award_back(cast: Cast, days: int) -> None:
    objections_take(9)
    project, first, _second = evaluating(cast)
    award = chosen(project, first, cast.lin)
    joins(cast.lin, cast.northwind, cast.teo, days=days)
    with pytest.raises(Denied, match="join Northwind" if days else "member of Northwind"):
        awards.take_back(award=award, reason="We lost.", by=cast.lin)
    assert refused(cast.lin, "award_take_back", project.pk)
    assert "Northwind, which bids here. So you do not choose" in page(cast.lin, "project_detail", project.pk)


def test_a_leader_who_joins_a_bidder_tomorrow_does_not_award_it_today(cast: Cast) -> None:
    project, first, _second = evaluating(cast)
    joins(cast.lin, cast.cold_chain, cast.amara, days=1)
    with pytest.raises(Denied, match="about to join Cold Chain"):
        chosen(project, first, cast.lin)


def test_who_left_a_bidder_not_long_ago_does_not_award_alone_nor_disqualify_nor_agree(cast: Cast) -> None:
    was_there(cast.lin, cast.cold_chain, cast.amara)
    was_there(cast.ada, cast.northwind, cast.teo)
    project, first, second = evaluating(cast)
    with pytest.raises(Denied, match="were a member of Cold Chain"):
        awards.disqualify(bid=second, reason="No.", by=cast.lin)
    assert "You were a member of Cold Chain" in page(cast.lin, "project_award", project.pk, first.pk)
    award = chosen(project, first, cast.lin)
    assert (award.status, award.causes) == (Award.Status.PROPOSED, ["tied"])
    with pytest.raises(Denied, match="were a member of Northwind"):
        awards.agree(award=award, reason="Yes.", by=cast.ada)


def test_who_left_a_bidder_long_ago_awards_alone(cast: Cast) -> None:
    Parameter.objects.create(name="conflict_lookback_days", holds_from=business_date(), value=1)
    was_there(cast.lin, cast.cold_chain, cast.amara)
    project, first, _second = evaluating(cast)  # two days later
    assert chosen(project, first, cast.lin).causes == []


def test_a_steward_of_a_bidder_cancels_no_project_whose_bids_are_open(cast: Cast) -> None:
    joins(cast.ada, cast.northwind, cast.teo)
    project, _first, _second = evaluating(cast)
    with pytest.raises(Denied, match="another steward or the buyer"):
        projects.cancel(project=project, reason="We would lose.", by=cast.ada)
    assert projects.cancel(project=project, reason="We need none.", by=cast.lin).status == "cancelled"


# ------------------------------------------------------------------ who was disqualified stays in the way


def test_choosing_below_a_disqualified_bid_wants_a_second_person_who_reads_why(cast: Cast) -> None:
    project, first, second, _third = three_bids(cast)
    awards.disqualify(bid=first, reason="I do not like gel.", by=cast.lin)
    assert "I do not like gel." in page(cast.lin, "project_award", project.pk, second.pk)
    award = chosen(project, second, cast.lin)
    assert (award.status, award.causes) == (Award.Status.PROPOSED, ["disqualified"])
    assert award.arithmetic["disqualified"] == [str(first.pk)]
    assert "Cold Chain could stand before this bid" in page(cast.ada, "award_agree", project.pk)
    assert "I do not like gel." in page(cast.ada, "award_agree", project.pk)
    assert awards.agree(award=award, reason="Gel leaks.", by=cast.ada).status == Award.Status.ACTIVE


def test_disqualifying_what_stands_below_the_choice_asks_nobody(cast: Cast) -> None:
    project, first, _second, third = three_bids(cast)
    awards.disqualify(bid=third, reason="No plan.", by=cast.lin)
    assert chosen(project, first, cast.lin).causes == []


def test_a_bid_that_was_disqualified_before_it_was_judged_could_have_stood_first(cast: Cast) -> None:
    project, first, second, third = three_bids(cast, **market.quality_facts(cast))
    awards.disqualify(bid=third, reason="No plan.", by=cast.lin)
    market.judge(project, {first: 5_000, second: 5_000})
    assert chosen(project, Bid.objects.get(pk=first.pk), cast.lin).causes == ["disqualified"]


# ------------------------------------------------------------------ whom the clock chooses


def test_the_clock_chooses_no_bid_against_which_an_objection_was_upheld(cast: Cast) -> None:
    objections_take(1)
    project, first, second = evaluating(cast)
    objection = objections.object_to(award=chosen(project, first, cast.lin), reason="Copied.", by=cast.teo)
    objections.rule(objection=objection, upheld=True, reason="It is.", by=cast.ada)
    following = awards.agree(award=chosen(project, second, cast.lin), reason="Yes.", by=person("Bo", "steward"))
    until(following)
    awards.take_effect_all(market_now())
    contracts.void(contract=Contract.objects.get(), reason="No capacity.", by=cast.teo)
    assert not Award.objects.filter(bid=first).exclude(status=Award.Status.CANCELLED).exists()
    assert Project.objects.get(pk=project.pk).status == Project.Status.UNSUCCESSFUL


def test_the_clock_goes_down_the_ranking_and_never_back_up(cast: Cast) -> None:
    project, first, second, third = three_bids(cast)
    awards.agree(award=chosen(project, second, cast.lin), reason="Yes.", by=cast.ada)
    contracts.void(contract=Contract.objects.get(), reason="No capacity.", by=cast.teo)
    following = Award.objects.get(status=Award.Status.PROPOSED)
    assert (following.bid, following.causes) == (third, ["not_top"])
    assert not Award.objects.filter(bid=first).exists()


def test_the_clock_asks_a_second_person_where_who_awarded_has_joined_the_next_bidder(cast: Cast) -> None:
    project, first, second = evaluating(cast)
    chosen(project, first, cast.lin)
    joins(cast.lin, cast.northwind, cast.teo)
    contracts.void(contract=Contract.objects.get(), reason="No capacity.", by=cast.amara)
    following = Award.objects.get(bid=second)
    assert (following.status, following.causes) == (Award.Status.PROPOSED, ["tied"])
    assert "is tied to somebody that bids here" in page(cast.ada, "award_agree", project.pk)


# ------------------------------------------------------------------ who objects and who rules


def test_a_steward_who_agreed_does_not_rule_and_hr_is_asked_for_another(cast: Cast) -> None:
    objections_take(1)
    hr = person("Hana", "hr")
    project, _first, second = evaluating(cast)
    award = awards.agree(award=chosen(project, second, cast.lin), reason="I like it.", by=cast.ada)
    objection = objections.object_to(award=award, reason="We are cheaper.", by=cast.amara)
    with pytest.raises(Denied, match="HR names another steward"):
        objections.rule(objection=objection, upheld=False, reason="I was right.", by=cast.ada)
    assert "Name another one." in Notice.objects.get(person=hr).sentence
    assert "HR names another steward" in page(cast.teo, "project_detail", project.pk)
    assert "Rule on an objection" not in page(cast.ada, "home")
    other = person("Bo", "steward")
    with pytest.raises(Denied, match="another steward must rule"):
        objections.rule(objection=objection, upheld=False, reason="I was right.", by=cast.ada)
    assert "HR names another steward" not in page(cast.teo, "project_detail", project.pk)
    assert "Rule on an objection" in page(other, "home")
    assert objections.rule(objection=objection, upheld=True, reason="She is.", by=other).ruling == "upheld"


def test_who_refused_an_award_or_judged_does_not_rule(cast: Cast) -> None:
    objections_take(1)
    bo = person("Bo", "steward")
    project = published(cast, **(market.quality_facts(cast) | {"panel": [cast.ada]}))
    first, second = market.two_bids(cast, project)
    project = opened(project)
    market.judge(project, {first: 100, second: 9_900})
    first, second = Bid.objects.get(pk=first.pk), Bid.objects.get(pk=second.pk)
    awards.refuse(award=chosen(project, first, cast.lin), reason="Why?", by=bo)
    objection = objections.object_to(award=chosen(project, second, cast.lin), reason="No.", by=cast.amara)
    for steward, why in ((cast.ada, "on the panel"), (bo, "a part in choosing")):
        with pytest.raises(Denied, match=why):
            objections.rule(objection=objection, upheld=False, reason="Right.", by=steward)


def test_a_steward_who_ruled_once_rules_again(cast: Cast) -> None:
    objections_take(1)
    project, first, second = evaluating(cast)
    objection = objections.object_to(award=chosen(project, first, cast.lin), reason="Copied.", by=cast.teo)
    objections.rule(objection=objection, upheld=True, reason="It is.", by=cast.ada)
    award = awards.agree(award=chosen(project, second, cast.lin), reason="Yes.", by=person("Bo", "steward"))
    objection = objections.object_to(award=award, reason="Dear.", by=cast.amara)
    assert objections.rule(objection=objection, upheld=False, reason="No.", by=cast.ada).ruling == "dismissed"


def test_who_leads_two_losers_objects_for_each_once(cast: Cast) -> None:
    objections_take(1)
    project = published(cast)
    first = bids_on(project, cast.cold_chain, cast.amara, 80_000_00)
    bids_on(project, cast.northwind, cast.teo, 90_000_00)
    bids_on(project, firm("Snow", cast.platform, cast.teo), cast.teo, 95_000_00)
    project = opened(project)
    award = chosen(project, Bid.objects.get(pk=first.pk), cast.lin)
    for reason in ("One.", "Two."):
        objections.object_to(award=award, reason=reason, by=cast.teo)
    assert {row.bidder_label for row in again(award).objections.all()} == {"Northwind", "Snow"}
    with pytest.raises(Conflict):
        objections.object_to(award=award, reason="Three.", by=cast.teo)


def test_who_leads_the_winner_does_not_object_through_another_me(cast: Cast) -> None:
    objections_take(1)
    project = published(cast)
    first = bids_on(project, cast.cold_chain, cast.amara, 80_000_00)
    bids_on(project, firm("Snow", cast.platform, cast.amara), cast.amara, 95_000_00)
    project = opened(project)
    award = awards.agree(award=chosen(project, Bid.objects.get(pk=first.pk), cast.lin), reason="Yes.", by=cast.ada)
    with pytest.raises(Denied):
        objections.object_to(award=award, reason="Wait.", by=cast.amara)


def test_after_an_upheld_objection_the_same_bid_wants_a_second_person(cast: Cast) -> None:
    objections_take(1)
    project, first, _second = evaluating(cast)
    objection = objections.object_to(award=chosen(project, first, cast.lin), reason="Copied.", by=cast.teo)
    objections.rule(objection=objection, upheld=True, reason="It is.", by=cast.ada)
    award = chosen(project, first, cast.lin)
    assert (award.status, award.causes) == (Award.Status.PROPOSED, ["objected"])


def test_a_choice_is_not_taken_back_from_under_an_open_objection(cast: Cast) -> None:
    objections_take(1)
    project, first, _second = evaluating(cast)
    award = chosen(project, first, cast.lin)
    objection = objections.object_to(award=award, reason="Copied.", by=cast.teo)
    with pytest.raises(InvalidTransition, match="The steward rules on it before"):
        awards.take_back(award=award, reason="Let me think.", by=cast.lin)
    objections.rule(objection=objection, upheld=False, reason="It is not.", by=cast.ada)
    assert awards.take_back(award=award, reason="Let me think.", by=cast.lin).status == Award.Status.CANCELLED


def test_a_bid_below_the_pass_mark_is_no_competition(cast: Cast) -> None:
    project = published(cast, **(market.quality_facts(cast) | {"pass_mark": 5_000}))
    first, second = market.two_bids(cast, project)
    project = opened(project)
    market.judge(project, {first: 9_000, second: 0})
    assert chosen(project, Bid.objects.get(pk=first.pk), cast.lin).causes == ["single_bid"]


def test_lots_that_are_large_together_want_a_second_person(cast: Cast) -> None:
    limit = parameters.value("award_large_from_units") * 100
    wanted = [LotDraft(title, limit - 1) for title in ("North", "South")]
    draft = market.a_draft(cast, title="Boxes for all", ceiling_minor=None)
    found = lots.publish(
        lot_set=lots.create(buyer=cast.blue_kettle, shared=draft, lots=wanted, by=cast.lin), by=cast.lin
    )
    for lot in found:
        bids_on(lot, cast.cold_chain, cast.amara, limit // 2)
        bids_on(lot, cast.northwind, cast.teo, limit // 2 + 1)
    bids = [Bid.objects.get(project=opened(lot), microenterprise=cast.cold_chain) for lot in found]
    assert [chosen(bid.project, bid, cast.lin).causes for bid in bids] == [[], ["large_lots"]]
