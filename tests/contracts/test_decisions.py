"""Awards on their way: a second person, a low price, the standstill, objections, a winner who does not sign."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from contracts.actions import awards, contracts, low_prices, objections, parties, projects
from contracts.models import Award, Bid, Contract, Objection, PriceQuestion, Project
from contracts.tasks import accept_silent_deliveries
from core.clock import business_date, company_zone, market_now, move_forward
from core.errors import Conflict, Denied, Invalid, InvalidTransition, TooLate
from core.models import AuditRecord, Parameter
from ledger.accounts import Kind
from ledger.queries import balance
from people.models import Notice, User
from tests.cast import Cast, cast, firm, person
from tests.contracts.market import CEILING, bids_on, evaluating, opened, published

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

WHY = "It is the best for our customers."


def objections_take(days: int) -> None:
    """Let bidders object for some business days from today on."""
    Parameter.objects.create(name="standstill_business_days", holds_from=date(2026, 1, 2), value=days)


def chosen(project: Project, bid: Bid, by: User) -> Award:
    others = Bid.objects.filter(project=project, status=Bid.Status.VALID).exclude(pk=bid.pk)
    return awards.award(
        project=project, bid=bid, reason=WHY, loser_reasons={row.pk: "Another one is better." for row in others}, by=by
    )


def standing(cast: Cast) -> tuple[Award, Bid, Bid]:
    """Lin chose Amara's bid, and Teo may object until the end of the next business day."""
    objections_take(1)
    project, first, second = evaluating(cast)
    return chosen(project, first, cast.lin), first, second


def proposed(cast: Cast) -> tuple[Award, Bid, Bid]:
    """Lin chose Teo's bid, which the rule ranks second."""
    project, first, second = evaluating(cast)
    return chosen(project, second, cast.lin), first, second


def low(cast: Cast) -> tuple[Project, Bid]:
    """Amara asks 30,000 where Teo asks 90,000."""
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara, 30_000_00)
    bids_on(project, cast.northwind, cast.teo, 90_000_00)
    project = opened(project)
    return project, Bid.objects.get(pk=bid.pk)


def again(award: Award) -> Award:
    return Award.objects.get(pk=award.pk)


def until(award: Award) -> None:
    """Let the clock pass the end of the standstill."""
    assert award.stands_until is not None
    move_forward(award.stands_until - market_now() + timedelta(seconds=1))


def told(somebody: User) -> str:
    return " ".join(Notice.objects.filter(person=somebody).values_list("sentence", flat=True))


def deeds(project: Project) -> list[str]:
    rows = AuditRecord.objects.filter(subject=f"project:{project.pk}").order_by("id")
    return [deed.removeprefix("project.") for deed in rows.values_list("deed", flat=True)]


# ------------------------------------------------------------------ the standstill


def test_without_a_standstill_the_top_bid_has_its_contract_at_once(cast: Cast) -> None:
    project, first, _second = evaluating(cast)
    award = chosen(project, first, cast.lin)
    assert (award.status, award.causes) == (Award.Status.ACTIVE, [])
    assert Contract.objects.get(award=award).supplier == cast.cold_chain


def test_an_award_stands_until_the_end_of_the_next_business_day_and_then_takes_effect_once(cast: Cast) -> None:
    award, _first, _second = standing(cast)
    assert award.status == Award.Status.STANDING
    assert award.stands_until is not None
    ends = award.stands_until.astimezone(company_zone())
    assert (ends.hour, ends.minute) == (0, 0)
    assert (ends - timedelta(seconds=1)).weekday() < 5
    assert ends.date() > business_date() + timedelta(days=1)
    assert Project.objects.get(pk=award.project_id).status == Project.Status.EVALUATING
    assert not Contract.objects.exists()
    assert "You may object until" in told(cast.teo)
    assert awards.take_effect_all(market_now()) == 0
    assert awards.take_effect(award=award).status == Award.Status.STANDING
    until(award)
    accept_silent_deliveries()
    accept_silent_deliveries()
    assert again(award).status == Award.Status.ACTIVE
    assert Project.objects.get(pk=award.project_id).status == Project.Status.AWARDED
    assert Contract.objects.get().award == award
    assert deeds(award.project).count("awarded") == 1


def test_nothing_else_is_decided_while_an_award_is_on_its_way(cast: Cast) -> None:
    award, first, second = standing(cast)
    for decide in (
        lambda: chosen(award.project, second, cast.lin),
        lambda: awards.disqualify(bid=second, reason="Late.", by=cast.lin),
        lambda: awards.no_award(project=award.project, reason="Enough.", by=cast.lin),
        lambda: projects.cancel(project=award.project, reason="Enough.", by=cast.lin),
        lambda: projects.cancel(project=award.project, reason="Enough.", by=cast.ada),
        lambda: low_prices.ask_about_price(bid=first, by=cast.lin),
    ):
        with pytest.raises(InvalidTransition, match="on its way"):
            decide()


def test_lin_takes_a_choice_back_and_chooses_again(cast: Cast) -> None:
    award, first, second = standing(cast)
    with pytest.raises(Denied):
        awards.take_back(award=award, reason="Wrong.", by=cast.noor)
    with pytest.raises(Invalid):
        awards.take_back(award=award, reason=" ", by=cast.lin)
    awards.take_back(award=award, reason="I compared the wrong column.", by=cast.lin)
    assert again(award).status == Award.Status.CANCELLED
    assert "wrong column" in told(cast.teo)
    assert Bid.objects.get(pk=second.pk).outcome_reason == ""
    assert chosen(award.project, first, cast.lin).status == Award.Status.STANDING
    with pytest.raises(InvalidTransition):
        awards.take_back(award=again(award), reason="Again.", by=cast.lin)


# ------------------------------------------------------------------ a second person


def test_a_choice_below_the_top_waits_for_a_second_person(cast: Cast) -> None:
    award, _first, _second = proposed(cast)
    assert (award.status, award.causes) == (Award.Status.PROPOSED, ["not_top"])
    assert not Contract.objects.exists()
    assert "did not win" not in told(cast.amara)
    for somebody, sentence in (
        (cast.lin, "somebody else"),
        (cast.noor, "who awards is not who accepts"),
        (cast.teo, "second member"),
        (cast.sol, "second member"),
    ):
        with pytest.raises(Denied, match=sentence):
            awards.agree(award=award, reason=WHY, by=somebody)
    with pytest.raises(Invalid):
        awards.agree(award=award, reason=" ", by=cast.ada)
    assert awards.agree(award=award, reason="Teo delivers sooner.", by=cast.ada).status == Award.Status.ACTIVE
    assert "did not win" in told(cast.amara)
    assert Contract.objects.get().supplier == cast.northwind
    with pytest.raises(InvalidTransition):
        awards.agree(award=again(award), reason=WHY, by=cast.ada)


def test_a_second_person_refuses_and_lin_may_propose_the_same_bid_again(cast: Cast) -> None:
    award, _first, second = proposed(cast)
    awards.refuse(award=award, reason="The reason says nothing of the customers.", by=cast.ada)
    assert again(award).status == Award.Status.CANCELLED
    assert "says nothing of the customers" in told(cast.lin)
    assert chosen(award.project, second, cast.lin).status == Award.Status.PROPOSED
    assert Award.objects.filter(bid=second).count() == 2


@pytest.mark.parametrize(("price_minor", "causes"), [(90_000_00, ["single_bid"]), (95_000_00, ["large", "single_bid"])])
def test_a_single_bid_and_a_large_price_want_a_second_person(cast: Cast, price_minor: int, causes: list[str]) -> None:
    Parameter.objects.create(name="award_large_from_units", holds_from=date(2026, 1, 1), value=95_000)
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara, price_minor)
    project = opened(project)
    assert chosen(project, Bid.objects.get(project=project), cast.lin).causes == causes


def test_the_database_lets_nobody_agree_with_themselves_nor_an_award_hold_without_its_second_person(cast: Cast) -> None:
    award, _first, _second = proposed(cast)
    now = market_now()
    for changes, constraint in (
        ({"agreed_at": now, "agreed_by": cast.lin}, "nobody_agrees_to_their_own_award"),
        ({"status": "standing"}, "an_award_in_force_has_its_second_person"),
        ({"causes": []}, "keeps its bid, its reason"),
        ({"agreed_at": now}, "an_agreed_award_says_who_and_when"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Award.objects.filter(pk=award.pk).update(**changes)


# ------------------------------------------------------------------ a low price


def test_an_abnormally_low_price_is_asked_about_before_it_can_win(cast: Cast) -> None:
    project, bid = low(cast)
    with pytest.raises(InvalidTransition, match="Ask how it can be kept"):
        chosen(project, bid, cast.lin)
    for somebody in (cast.noor, cast.amara, cast.sol):
        with pytest.raises(Denied):
            low_prices.ask_about_price(bid=bid, by=somebody)
    question = low_prices.ask_about_price(bid=bid, by=cast.lin)
    assert question.answer_until - question.asked_at == timedelta(days=2)
    assert "very low" in told(cast.amara)
    with pytest.raises(Conflict):
        low_prices.ask_about_price(bid=bid, by=cast.lin)
    with pytest.raises(InvalidTransition, match="may answer until"):
        chosen(project, bid, cast.lin)
    for somebody in (cast.teo, cast.mei, cast.lin):
        with pytest.raises(Denied):
            low_prices.answer_about_price(bid=bid, answer="Cheap.", by=somebody)
    with pytest.raises(Invalid):
        low_prices.answer_about_price(bid=bid, answer=" ", by=cast.amara)
    low_prices.answer_about_price(bid=bid, answer="We own the moulds already.", by=cast.amara)
    with pytest.raises(InvalidTransition, match="explained already"):
        low_prices.answer_about_price(bid=bid, answer="And more.", by=cast.amara)
    assert chosen(project, bid, cast.lin).causes == ["low_price"]


def test_who_does_not_answer_in_time_may_be_chosen_with_a_second_person_or_passed_over(cast: Cast) -> None:
    project, bid = low(cast)
    question = low_prices.ask_about_price(bid=bid, by=cast.lin)
    move_forward(question.answer_until - market_now())
    with pytest.raises(TooLate):
        low_prices.answer_about_price(bid=bid, answer="Sorry, late.", by=cast.amara)
    assert chosen(project, bid, cast.lin).status == Award.Status.PROPOSED


def test_an_ordinary_price_is_not_asked_about(cast: Cast) -> None:
    _project, first, _second = evaluating(cast)
    with pytest.raises(InvalidTransition, match="not abnormally low"):
        low_prices.ask_about_price(bid=first, by=cast.lin)
    with pytest.raises(InvalidTransition, match="Nobody asked"):
        low_prices.answer_about_price(bid=first, answer="Why?", by=cast.amara)


def test_what_was_asked_and_answered_never_changes(cast: Cast) -> None:
    _project, bid = low(cast)
    low_prices.ask_about_price(bid=bid, by=cast.lin)
    low_prices.answer_about_price(bid=bid, answer="We own the moulds.", by=cast.amara)
    for change in (
        lambda: PriceQuestion.objects.update(answer="We guess."),
        lambda: PriceQuestion.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


# ------------------------------------------------------------------ objections


def test_an_open_objection_blocks_and_a_dismissed_one_lets_go(cast: Cast) -> None:
    award, _first, _second = standing(cast)
    objection = objections.object_to(award=award, reason="The plan names no test.", by=cast.teo)
    assert "Northwind objects" in told(cast.ada)
    until(award)
    assert awards.take_effect_all(market_now()) == 0
    assert again(award).status == Award.Status.STANDING
    for somebody in (cast.lin, cast.teo, cast.fay, cast.rui):
        with pytest.raises(Denied):
            objections.rule(objection=objection, upheld=False, reason=WHY, by=somebody)
    objections.rule(objection=objection, upheld=False, reason="The plan names two tests.", by=cast.ada)
    assert again(award).status == Award.Status.ACTIVE
    assert Contract.objects.get().award == award
    assert "is dismissed: The plan names two tests." in told(cast.teo)
    with pytest.raises(InvalidTransition):
        objections.rule(objection=objection, upheld=True, reason=WHY, by=cast.ada)


def test_an_upheld_objection_cancels_the_award_and_lin_chooses_again(cast: Cast) -> None:
    award, _first, second = standing(cast)
    objection = objections.object_to(award=award, reason="Amara's cousin judged.", by=cast.teo)
    objections.rule(objection=objection, upheld=True, reason="The panel was not free.", by=cast.ada)
    assert again(award).status == Award.Status.CANCELLED
    assert Project.objects.get(pk=award.project_id).status == Project.Status.EVALUATING
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == CEILING
    assert chosen(award.project, second, cast.lin).status == Award.Status.PROPOSED


def test_dismissed_before_the_standstill_is_over_the_award_goes_on_standing(cast: Cast) -> None:
    award, _first, _second = standing(cast)
    objection = objections.object_to(award=award, reason="Too fast.", by=cast.teo)
    objections.rule(objection=objection, upheld=False, reason="It is not.", by=cast.ada)
    assert again(award).status == Award.Status.STANDING
    with pytest.raises(Conflict):
        objections.object_to(award=award, reason="Still.", by=cast.teo)


def test_only_the_leader_of_a_losing_bidder_objects_and_only_in_time(cast: Cast) -> None:
    award, _first, _second = standing(cast)
    for somebody in (cast.amara, cast.lin, cast.sol, cast.ada):
        with pytest.raises(Denied):
            objections.object_to(award=award, reason="No.", by=somebody)
    with pytest.raises(Invalid):
        objections.object_to(award=award, reason=" ", by=cast.teo)
    assert award.stands_until is not None
    move_forward(award.stands_until - market_now())
    with pytest.raises(TooLate):
        objections.object_to(award=award, reason="Late.", by=cast.teo)


def test_nobody_objects_to_an_award_that_waits_for_a_second_person(cast: Cast) -> None:
    award, _first, _second = proposed(cast)
    with pytest.raises(InvalidTransition, match="second person"):
        objections.object_to(award=award, reason="No.", by=cast.amara)


def test_a_steward_with_a_part_in_it_does_not_rule(cast: Cast) -> None:
    steward = person("Stella", "steward")
    firm("Snow Line", cast.platform, steward)
    objections_take(1)
    project = published(cast)
    best = bids_on(project, cast.cold_chain, cast.amara)
    bids_on(project, cast.northwind, cast.teo, 90_000_00)
    snow = steward.memberships.get().microenterprise
    bids_on(project, snow, steward, 95_000_00)
    project = opened(project)
    award = chosen(project, Bid.objects.get(pk=best.pk), cast.lin)
    objection = objections.object_to(award=award, reason="No.", by=cast.teo)
    with pytest.raises(Denied):
        objections.rule(objection=objection, upheld=True, reason=WHY, by=steward)


def test_the_database_keeps_objections_and_lets_no_contested_award_hold(cast: Cast) -> None:
    award, _first, _second = standing(cast)
    objections.object_to(award=award, reason="The plan names no test.", by=cast.teo)
    for change in (
        lambda: Award.objects.filter(pk=award.pk).update(status="active"),
        lambda: Award.objects.filter(pk=award.pk).update(stands_until=market_now()),
        lambda: Objection.objects.update(reason="Never mind."),
        lambda: Objection.objects.all().delete(),
        lambda: Objection.objects.update(ruling="dismissed"),
        lambda: Objection.objects.update(
            ruling="dismissed", ruling_reason="Mine.", ruled_at=market_now(), ruled_by=cast.teo
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE contracts_objection")


# ------------------------------------------------------------------ a winner who does not sign


def let_signing_pass() -> None:
    move_forward(timedelta(days=60))
    assert contracts.void_unsigned(market_now()) == 1


def test_when_the_winner_does_not_sign_the_next_rank_gets_its_turn_and_the_money_stays_held(cast: Cast) -> None:
    project, first, second = evaluating(cast)
    award = chosen(project, first, cast.lin)
    let_signing_pass()
    assert again(award).status == Award.Status.DECLINED
    following = Award.objects.get(bid=second)
    assert (following.status, following.causes) == (Award.Status.ACTIVE, [])
    assert "Cold Chain did not sign" in following.reason
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == CEILING
    assert Contract.objects.get(award=following).supplier == cast.northwind
    let_signing_pass()
    assert Project.objects.get(pk=project.pk).status == Project.Status.UNSUCCESSFUL
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == 0
    assert Award.objects.count() == 2


def test_the_next_rank_has_a_standstill_of_its_own(cast: Cast) -> None:
    project, first, second = evaluating(cast)
    chosen(project, first, cast.lin)
    objections_take(1)
    contracts.void(contract=Contract.objects.get(), reason="No capacity.", by=cast.amara)
    following = Award.objects.get(bid=second)
    assert following.status == Award.Status.STANDING
    assert Project.objects.get(pk=project.pk).status == Project.Status.EVALUATING


def test_when_the_buyer_does_not_sign_the_project_ends_and_the_money_is_free(cast: Cast) -> None:
    project, first, _second = evaluating(cast)
    chosen(project, first, cast.lin)
    contract = Contract.objects.get()
    contracts.sign(contract=contract, sha256_seen=parties.current_version(contract).sha256, by=cast.amara)
    let_signing_pass()
    assert Project.objects.get(pk=project.pk).status == Project.Status.UNSUCCESSFUL
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == 0


# ------------------------------------------------------------------ the pages


def as_person(somebody: User) -> Client:
    client = Client()
    client.force_login(somebody)
    return client


def asked(somebody: User, name: str, *args: Any, **typed: str) -> Any:
    client, url = as_person(somebody), reverse(name, args=args)
    return client.post(url, typed) if typed else client.get(url)


def page(somebody: User, name: str, *args: Any) -> str:
    response = asked(somebody, name, *args)
    assert response.status_code == HTTPStatus.OK, (name, response.status_code)
    return str(response.content.decode())


def test_the_second_person_reads_why_and_answers_on_a_page(cast: Cast) -> None:
    award, _first, _second = proposed(cast)
    pk = award.project_id
    assert "a second person has to agree" in page(cast.lin, "project_detail", pk)
    assert "not the bid that the rule ranks first" in page(cast.ada, "award_agree", pk)
    assert asked(cast.lin, "award_agree", pk).status_code == HTTPStatus.FORBIDDEN
    assert asked(cast.sol, "award_agree", pk).status_code == HTTPStatus.FORBIDDEN
    seen = {"seen": str(award.pk), "verdict": "agree"}
    empty = asked(cast.ada, "award_agree", pk, **seen, reason=" ")
    assert empty.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert asked(cast.ada, "award_agree", pk, **seen, reason=WHY).status_code == HTTPStatus.SEE_OTHER
    assert again(award).status == Award.Status.ACTIVE
    assert asked(cast.ada, "award_agree", pk, **seen, reason=WHY).status_code == HTTPStatus.CONFLICT


def test_the_second_person_refuses_on_a_page(cast: Cast) -> None:
    award, _first, _second = proposed(cast)
    seen = {"seen": str(award.pk), "verdict": "refuse"}
    sent = asked(cast.ada, "award_agree", award.project_id, **seen, reason="Not convinced.")
    assert sent.status_code == HTTPStatus.SEE_OTHER
    assert again(award).status == Award.Status.CANCELLED
    assert asked(cast.ada, "award_agree", award.project_id).status_code == HTTPStatus.NOT_FOUND


def test_teo_objects_and_ada_rules_on_pages(cast: Cast) -> None:
    award, _first, _second = standing(cast)
    pk = award.project_id
    assert "Bidders may object until" in page(cast.sol, "project_detail", pk)
    assert asked(cast.amara, "award_object", pk).status_code == HTTPStatus.FORBIDDEN
    assert asked(cast.teo, "award_object", pk, reason=" ").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert asked(cast.teo, "award_object", pk, reason="No test.").status_code == HTTPStatus.SEE_OTHER
    objection = Objection.objects.get()
    shown = page(cast.rui, "project_detail", pk)
    assert "Northwind objects" in shown
    assert "The steward has not ruled yet." in shown
    assert asked(cast.rui, "objection_rule", pk, objection.pk).status_code == HTTPStatus.FORBIDDEN
    assert "No test." in page(cast.ada, "objection_rule", pk, objection.pk)
    sent = asked(cast.ada, "objection_rule", pk, objection.pk, verdict="uphold", reason="True.")
    assert sent.status_code == HTTPStatus.SEE_OTHER
    assert again(award).status == Award.Status.CANCELLED


def test_lin_takes_a_choice_back_on_a_page(cast: Cast) -> None:
    award, _first, _second = standing(cast)
    assert asked(cast.noor, "award_take_back", award.project_id).status_code == HTTPStatus.FORBIDDEN
    sent = asked(cast.lin, "award_take_back", award.project_id, reason="The wrong one.")
    assert sent.status_code == HTTPStatus.SEE_OTHER
    assert again(award).status == Award.Status.CANCELLED


def test_a_low_price_is_asked_about_and_explained_on_one_page(cast: Cast) -> None:
    project, bid = low(cast)
    assert "Low price" in page(cast.lin, "project_detail", project.pk)
    assert "Low price" not in page(cast.sol, "project_detail", project.pk)
    shown = page(cast.lin, "bid_price", project.pk, bid.pk)
    assert "under" in shown
    assert "Ask the bidder" in shown
    assert "Ask the bidder" not in page(cast.amara, "bid_price", project.pk, bid.pk)
    assert asked(cast.sol, "bid_price", project.pk, bid.pk, answer="x").status_code == HTTPStatus.FORBIDDEN
    assert asked(cast.lin, "bid_price", project.pk, bid.pk, ask="1").status_code == HTTPStatus.SEE_OTHER
    assert "How you keep this price" in page(cast.amara, "bid_price", project.pk, bid.pk)
    empty = asked(cast.amara, "bid_price", project.pk, bid.pk, answer=" ")
    assert empty.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    sent = asked(cast.amara, "bid_price", project.pk, bid.pk, answer="We own the moulds.")
    assert sent.status_code == HTTPStatus.SEE_OTHER
    assert "We own the moulds." in page(cast.teo, "bid_price", project.pk, bid.pk)


def test_an_ordinary_price_has_no_such_page(cast: Cast) -> None:
    project, first, _second = evaluating(cast)
    assert asked(cast.lin, "bid_price", project.pk, first.pk).status_code == HTTPStatus.NOT_FOUND


def test_the_first_page_says_what_waits_for_whom(cast: Cast) -> None:
    award, _first, _second = standing(cast)
    objections.object_to(award=award, reason="No test.", by=cast.teo)
    home = as_person(cast.ada).get("/").content.decode()
    assert "Rule on an objection" in home
    assert "Decide who gets" not in as_person(cast.lin).get("/").content.decode()


def test_amara_finds_the_question_about_her_price_on_her_first_page(cast: Cast) -> None:
    _project, bid = low(cast)
    low_prices.ask_about_price(bid=bid, by=cast.lin)
    assert "Explain your price" in as_person(cast.amara).get("/").content.decode()
    assert "Explain your price" not in as_person(cast.teo).get("/").content.decode()
