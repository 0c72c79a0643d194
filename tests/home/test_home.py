"""The first page: what needs me, by deadline; and nothing that is not mine to know."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from contracts.actions import awards, bids, contracts, milestones, openings, projects
from contracts.models import Bid, Project
from contracts.permissions.standing import standing_of
from core import clock
from core.clock import business_date, market_now
from haier_market import statement
from haier_market.attention import Line, branches
from people.models import PersonSkill, Skill, User
from settlement.actions import payouts
from settlement.models import Outcome, PayoutBatch
from talent_pool.actions import pool
from tests.cast import Cast, cast
from tests.contracts import scenes
from tests.settlement import paying
from tests.settlement.world import Seat, earn, firm, member, nights, on
from tests.settlement.world import person as somebody
from tests.statements import statements

__all__ = ["cast"]
MOST_STATEMENTS = 8


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def home(person: User) -> str:
    response = as_(person).get("/")
    assert response.status_code == 200
    return response.content.decode()


def open_project(cast: Cast, *, title: str = "Cool the depot", hours: int = 6, skill: Skill | None = None) -> Project:
    draft = projects.ProjectDraft(
        title=title,
        need="The depot warms up at noon, and customers of Blue Kettle get warm fish.",
        success_measure="Hours above 4 degrees: 20 a week today, 2 wanted, read from the logger.",
        ceiling_minor=scenes.CEILING,
        deadline=market_now() + timedelta(hours=hours),
        deadline_zone="Asia/Shanghai",
        acceptor=cast.noor,
        skills=[skill] if skill else [],
    )
    return projects.publish(
        project=projects.create_draft(buyer=cast.blue_kettle, draft=draft, by=cast.lin), by=cast.lin
    )


def bid(cast: Cast, project: Project, by: User, price_minor: int = scenes.PRICE) -> Bid:
    firm = cast.cold_chain if by == cast.amara else cast.northwind
    return bids.submit(
        project=project, microenterprise=firm, price_minor=price_minor, days=9, plan="Shade and fans.", by=by
    )


def test_nothing_waits_says_what_to_do(cast: Cast) -> None:
    assert "Find a project" in home(cast.mei)
    page = home(cast.sol)
    assert "See open seats" in page and "Start an idea" in page


@pytest.mark.django_db
def test_who_is_not_signed_in_is_asked_to() -> None:
    assert Client().get("/").status_code == 302


def test_the_circle_of_a_contract_asks_the_right_person_at_every_step(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    sign = f"/contracts/{contract.pk}/sign/"
    assert sign in home(cast.lin) and sign in home(cast.amara)
    assert sign not in home(cast.noor) and sign not in home(cast.mei) and sign not in home(cast.teo)
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.lin)
    assert sign not in home(cast.lin) and sign in home(cast.amara)
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.amara)

    deliver = f"/contracts/{contract.pk}/milestones/1/deliver/"
    assert deliver not in home(cast.mei)  # due in thirty days
    clock.move_forward(timedelta(days=20))
    assert deliver in home(cast.mei) and deliver in home(cast.amara) and deliver not in home(cast.lin)
    milestones.deliver(milestone=scenes.milestone(contract), evidence="Done.", evidence_url="", by=cast.mei)

    accept = f"/contracts/{contract.pk}/milestones/1/accept/"
    assert accept in home(cast.noor) and accept not in home(cast.lin) and deliver not in home(cast.mei)
    milestones.accept(milestone=scenes.milestone(contract), by=cast.noor)

    rate = f"/contracts/{contract.pk}/rate/"
    assert rate in home(cast.noor) and rate in home(cast.amara) and rate in home(cast.lin)
    assert rate not in home(cast.mei)


def test_a_proposed_end_waits_for_the_other_leader(cast: Cast) -> None:
    contract = scenes.signed(cast)
    contracts.propose_end(contract=contract, reason="The vans are sold.", by=cast.lin)
    assert "Answer: end “Keep the vans cold” early?" in home(cast.amara)
    assert "Answer: end" not in home(cast.lin)


def test_needs_are_ordered_by_deadline(cast: Cast) -> None:
    late = scenes.signed(cast, title="Later", parts=[("Later part", scenes.PRICE, scenes.in_days(12))])
    soon = scenes.signed(cast, title="Sooner", parts=[("Sooner part", scenes.PRICE, scenes.in_days(2))])
    page = home(cast.mei)
    assert page.index(f"/contracts/{soon.pk}/milestones/1/") < page.index(f"/contracts/{late.pk}/milestones/1/")


def test_a_decision_and_a_judgement_wait_for_who_takes_them(cast: Cast) -> None:
    project = open_project(cast)
    bid(cast, project, cast.amara)
    clock.move_forward(timedelta(hours=7))
    openings.open_bids(project=project)
    assert "Decide who gets “Cool the depot”" in home(cast.lin)
    assert "Decide who gets" not in home(cast.noor)
    assert "The bid of Cold Chain is being judged" in home(cast.mei)
    row = Bid.objects.get()
    awards.award(project=project, bid=row, reason="Good.", loser_reasons={}, by=cast.lin)
    assert "Decide who gets" not in home(cast.lin)


def test_a_leader_is_reminded_of_what_closes_soon_until_they_bid(cast: Cast) -> None:
    project = open_project(cast)
    reminder = "“Cool the depot” closes soon"
    assert reminder in home(cast.amara) and reminder in home(cast.teo)
    assert reminder not in home(cast.mei) and reminder not in home(cast.lin)
    bid(cast, project, cast.amara)
    assert reminder not in home(cast.amara) and reminder in home(cast.teo)


def test_an_own_sealed_bid_is_in_motion_for_its_leader_and_for_nobody_else(cast: Cast) -> None:
    project = open_project(cast)
    pages = {person.name: home(person) for person in (cast.lin, cast.noor, cast.mei, cast.teo, cast.rui, cast.hua)}
    bid(cast, project, cast.amara)
    assert "Your bid on “Cool the depot”" in home(cast.amara)
    for person in (cast.lin, cast.noor, cast.mei, cast.teo, cast.rui, cast.hua):
        assert _without_clock(home(person)) == _without_clock(pages[person.name]), person.name


def _without_clock(page: str) -> str:
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)
    return re.sub(r'data-now="[^"]+"', "", page)


def test_projects_that_ask_for_my_skills_come_first_among_those_worth_a_look(cast: Cast) -> None:
    skill = Skill.objects.create(concept_uri="urn:1", reuse_level="cross", label="cold storage", search_text="")
    PersonSkill.objects.create(person=cast.mei, skill=skill)
    open_project(cast, title="Closes first", hours=30)
    open_project(cast, title="Asks for cold", hours=60, skill=skill)
    page = home(cast.mei)
    assert page.index("Asks for cold") < page.index("Closes first")
    assert "Asks for what you can" in page
    assert "Asks for what you can" not in home(cast.teo)
    assert "Closes first" not in home(cast.noor).split('id="looks"')[1].split('id="notices"')[0]


def test_hr_sees_clocks_and_a_person_their_own(cast: Cast) -> None:
    pool.enter(person=cast.sol, left=None, by=cast.hua, at=market_now())
    assert "Find your next place" in home(cast.sol)
    assert "two weeks or less" not in home(cast.hua)
    clock.move_forward(timedelta(days=85))
    assert "1 person has two weeks or less to land" in home(cast.hua)
    clock.move_forward(timedelta(days=20))
    assert "The clock of 1 person is over" in home(cast.hua)
    assert "The clock of" not in home(cast.rui)


def test_the_steward_sees_bids_that_did_not_open(cast: Cast) -> None:
    open_project(cast)
    clock.move_forward(timedelta(hours=7))
    assert "have not opened" in home(cast.ada)
    assert "have not opened" not in home(cast.rui)


def test_the_page_takes_as_many_statements_for_three_times_the_work(cast: Cast) -> None:
    def work(name: str) -> None:
        scenes.awarded(cast, title=f"Sign {name}")
        scenes.delivered(cast, title=f"Accept {name}")
        bid(cast, open_project(cast, title=f"Open {name}"), cast.amara)

    people = (cast.lin, cast.noor, cast.amara, cast.mei, cast.teo, cast.sol, cast.ada, cast.rui, cast.fay, cast.hua)
    work("one")
    few = {person.name: statements(person, "/") for person in people}
    work("two")
    work("three")
    for person in people:
        assert statements(person, "/") == few[person.name] <= MOST_STATEMENTS, person.name


def test_the_page_reads_in_chinese(cast: Cast) -> None:
    cast.lin.language = "zh-hans"
    cast.lin.save()
    response = as_(cast.lin).get("/")
    assert 'lang="zh-Hans"' in response.content.decode()


def test_the_compiled_statement_says_what_the_plain_query_says(cast: Cast) -> None:
    scenes.awarded(cast, title="Sign")
    scenes.delivered(cast, title="Accept")
    open_project(cast, title="Open")
    pool.enter(person=cast.sol, left=None, by=cast.hua, at=market_now())
    cast.mei.roles = ["hr", "finance"]
    cast.mei.save()
    now = market_now()
    for person in (cast.lin, cast.noor, cast.amara, cast.mei, cast.teo, cast.sol, cast.ada, cast.fay, cast.hua):
        who = standing_of(person, business_date(now))
        plain = [Line(*row) for row in branches(who, now)]
        found = statement.lines(who, now)
        assert sorted(map(repr, found)) == sorted(map(repr, plain))
        assert found or person in (cast.fay,)
    # The same shape of reader shares one text, and nobody sees the other's lines.
    amara, teo = (statement.lines(standing_of(person, business_date(now)), now) for person in (cast.amara, cast.teo))
    assert {line.key for line in amara if line.kind == "sign"} and not {line.key for line in teo if line.kind == "sign"}


def test_finance_is_asked_to_approve_the_night_and_a_leader_to_mend_theirs(cast: Cast) -> None:
    scenes.completed(cast)
    night = business_date(market_now())
    clock.move_forward(timedelta(days=1))
    call_command("settle", "--date", night.isoformat(), stdout=StringIO())
    page = home(cast.fay)
    assert f"/settlement/{night.isoformat()}/" in page and "Look and approve" in page
    assert "Look and approve" not in home(cast.lin)
    troubled = Outcome.objects.filter(state="exception")
    assert ("could not be settled" in page) == troubled.exists()
    for outcome in troubled:
        leader = {cast.cold_chain: cast.amara, cast.blue_kettle: cast.lin, cast.northwind: cast.teo}
        assert f"/settlement/outcomes/{outcome.pk}/" in home(leader[outcome.microenterprise])


# --- From an approved night to money paid -----------------------------------------------------------------------------

PAY, SEND, FILE, MARK = "Prepare a payout", "Look and send", "Download the file", "Look and mark"


def steps(person: User) -> list[str]:
    """Which step of a payout somebody is asked for."""
    page = home(person)
    return [step for step in (PAY, SEND, FILE, MARK) if step in page]


@pytest.mark.django_db
def test_finance_is_led_from_an_approved_night_to_money_paid() -> None:
    fay, fred, rui = somebody("Fay", "finance"), somebody("Fred", "finance"), somebody("Rui", "auditor")
    me = firm(Seat("Amara", 3), Seat("Mei", 1), launched=paying.DAY)
    earn(me, 1_000_00, paying.DAY)
    nights(paying.DAY)
    for each in paying.people_of(me):
        paying.bank(each)
    assert steps(fay) == []
    paying.approve(paying.DAY)
    assert steps(fay) == steps(fred) == [PAY]  # at once, before the clock has added the night to what is owed
    payouts.release_approved()
    assert steps(fay) == [PAY]
    assert "CN¥500.00 approved and in no payout yet" in home(fay)

    batch = paying.draft(fay)
    address = f"/payouts/{batch.pk}/"
    assert steps(fay) == steps(fred) == [SEND] and address in home(fred)
    payouts.send(batch=batch, by=fay)
    assert steps(fay) == steps(fred) == [FILE] and f"{address}#files" in home(fay)
    assert as_(fay).get(f"{address}pain001.xml").status_code == 200
    assert (steps(fay), steps(fred)) == ([], [MARK])  # whoever created it does not say that it was paid
    payouts.mark_paid(batch=PayoutBatch.objects.get(), by=fred)
    assert steps(fay) == steps(fred) == []
    assert address not in home(rui) and steps(rui) == []


@pytest.mark.django_db
def test_a_night_that_an_earlier_one_holds_back_is_not_to_be_paid_yet() -> None:
    fay = somebody("Fay", "finance")
    me = firm(Seat("Amara"), launched=paying.DAY)
    earn(me, 100_00, paying.DAY)
    earn(me, 100_00, paying.DAY + paying.ONE)
    nights(paying.DAY + paying.ONE)
    paying.bank(member(me, "Amara"))
    paying.approve(paying.DAY + paying.ONE)
    assert PAY not in home(fay)
    assert "Look and approve" in home(fay)


@pytest.mark.django_db
def test_nobody_is_asked_to_pay_people_who_have_not_said_where_to() -> None:
    fay = somebody("Fay", "finance")
    me = firm(Seat("Amara"), launched=paying.DAY)
    earn(me, 100_00, paying.DAY)
    nights(paying.DAY)
    paying.approve(paying.DAY)
    payouts.release_approved()
    assert steps(fay) == []
    paying.bank(member(me, "Amara"), currency="JPY")
    assert steps(fay) == []
    paying.bank(member(me, "Amara"), currency="CNY")
    assert steps(fay) == [PAY]


@pytest.mark.django_db
def test_who_earned_money_and_has_no_bank_details_is_told_so_and_led_to_the_form() -> None:
    me = firm(Seat("Amara"), Seat("Mei", 0), launched=paying.DAY)
    amara, mei = member(me, "Amara"), member(me, "Mei")
    missing = "You cannot be paid in CNY: your bank details are missing"
    assert missing not in home(amara)
    earn(me, 100_00, paying.DAY)
    nights(paying.DAY)
    page = home(amara)
    assert missing in page and "/statements/bank/change/" in page
    assert missing not in home(mei)  # nothing is owed to them
    paying.bank(amara, currency="JPY")
    assert missing in home(amara)
    paying.bank(amara)
    assert missing not in home(amara)


@pytest.mark.django_db
def test_a_rejected_payment_is_finances_and_the_persons_until_new_details_are_there() -> None:
    fay = somebody("Fay", "finance")
    me = paying.shared(Seat("Amara"), Seat("Mei"))
    batch = paying.sent(fay)
    amara, mei = member(me, "Amara"), member(me, "Mei")
    for name in ("Amara", "Mei"):
        payouts.reject(payment=paying.payment_to(name, batch), reason="Account closed", by=fay)
    asked, told = "The bank rejected 2 payments of payout 1", "Check bank details"
    assert asked in home(fay) and f"/payouts/{batch.pk}/?status=rejected" in home(fay)
    assert told in home(amara) and "It said: Account closed." in home(amara) and told in home(mei)
    assert PAY in home(fay)  # owed again
    paying.bank(amara)
    assert told not in home(amara) and "The bank rejected 1 payment of payout 1" in home(fay)
    paying.sent(fay)  # Mei says that the account is right: it is tried again
    assert "The bank rejected" not in home(fay) and told not in home(mei)


@pytest.mark.django_db
def test_many_payouts_take_as_many_statements_as_none() -> None:
    fay, fred = somebody("Fay", "finance"), somebody("Fred", "finance")
    few = statements(fay, "/")
    me = paying.shared(Seat("Amara"), Seat("Mei"))
    yen = firm(Seat("Kenji"), launched=paying.DAY + paying.ONE, currency="JPY")
    first = paying.sent(fay)
    payouts.record_export(batch=first, form="csv", by=fay)
    payouts.reject(payment=paying.payment_to("Mei", first), reason="Closed", by=fay)
    for number in (1, 2):
        with on(paying.DAY + number * paying.ONE):
            earn(me, 1_000_00, paying.DAY + number * paying.ONE)
            earn(yen, 1_000, paying.DAY + number * paying.ONE)
        nights(paying.DAY + number * paying.ONE)
        paying.approve(paying.DAY + number * paying.ONE)
        payouts.release_approved()
        if number == 1:
            paying.sent(fred)
    paying.bank(member(yen, "Kenji"))
    paying.draft(fay, "JPY")
    page = home(fred)
    assert all(step in page for step in (PAY, SEND, FILE, MARK)) and "The bank rejected" in page
    assert statements(fred, "/") == few <= MOST_STATEMENTS
    for each in (fay, fred, member(me, "Mei"), member(yen, "Kenji")):
        now = market_now()
        who = standing_of(each, business_date(now))
        plain = [Line(*row) for row in branches(who, now)]
        assert sorted(map(repr, statement.lines(who, now))) == sorted(map(repr, plain))
