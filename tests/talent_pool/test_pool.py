"""Failing is safe: clocks, offers with reasons, landings, and the wind-up of an ME to the last cent."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import Contract, Project
from core.clock import business_date, market_now
from core.errors import Denied, Invalid, InvalidTransition
from ledger.accounts import Kind
from ledger.queries import balance, balances, party_balances
from microenterprises.actions import ideas, invitations, seats
from microenterprises.actions.money import Document, record_cost, record_receipt
from microenterprises.actions.seats import SeatSpec
from microenterprises.models import Membership, Microenterprise, Seat
from people.models import PersonSkill, Skill, User
from talent_pool import queries
from talent_pool.actions import placements, pool
from talent_pool.actions.wind_up import wind_up
from talent_pool.calendar import clock_end, days_left
from talent_pool.liquidation import in_proportion, split
from talent_pool.models import PoolEntry
from tests.cast import TERMS, Cast, person
from tests.contracts import scenes
from tests.microenterprises.test_circle import ready
from tests.statements import statements


def open_seat(me: Microenterprise, role: str, by: User, *skills: Skill) -> Seat:
    seat = Seat.objects.create(
        microenterprise=me, role=role, customer_outcome=f"{role} keeps it cold", opened_at=market_now(), opened_by=by
    )
    seat.skills.set(skills)
    return seat


def skill(label: str) -> Skill:
    return Skill.objects.create(
        concept_uri=f"urn:skill:{label}", label=label, reuse_level="cross-sector", search_text=""
    )


def earn(cast: Cast, me: Microenterprise, amount_minor: int) -> None:
    record_receipt(microenterprise=me, amount_minor=amount_minor, document=paper(f"R-{me.pk}"), by=cast.fay)


def paper(number: str) -> Document:
    return Document(number=number, counterparty="A customer", dated=business_date())


@pytest.mark.parametrize(
    ("entered", "ends"),
    [
        (date(2026, 3, 31), date(2026, 6, 30)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2027, 11, 30), date(2028, 2, 29)),
        (date(2026, 1, 15), date(2026, 4, 15)),
    ],
)
def test_the_clock_counts_calendar_months_and_clamps_at_the_month_end(entered: date, ends: date) -> None:
    assert clock_end(entered, 3) == ends
    assert days_left(ends, ends) == 0
    assert days_left(ends, ends + timedelta(days=1)) == -1


@given(
    wallet=st.integers(0, 10**13),
    stakes=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 10**12)),
    platform=st.integers(0, 10_000),
)
def test_what_is_left_is_divided_to_the_last_unit(wallet: int, stakes: dict[str, int], platform: int) -> None:
    found = split(wallet, stakes, {"platform": platform, "reserve": 10_000 - platform})
    assert sum(found.stakes.values()) + sum(found.rest.values()) == wallet
    assert all(0 <= found.stakes[name] <= stakes[name] for name in stakes)
    assert sum(found.stakes.values()) == min(wallet, sum(stakes.values()))


def test_parts_without_weights_are_nothing() -> None:
    assert in_proportion(100, {"a": 0}) == {"a": 0}
    with pytest.raises(ValueError, match="negative"):
        split(-1, {}, {})


def test_winding_up_frees_everybody_the_same_moment_with_offers_and_reasons(cast: Cast) -> None:
    cooling = skill("refrigeration")
    PersonSkill.objects.create(person=cast.mei, skill=cooling)
    for role in ("Analyst", "Engineer", "Planner"):
        open_seat(cast.blue_kettle, role, cast.lin, *([cooling] if role == "Engineer" else []))
    before = market_now()

    entries = wind_up(microenterprise=cast.cold_chain, reason="No customer stayed.", by=cast.amara)

    assert {entry.person for entry in entries} == {cast.amara, cast.mei}
    assert len({entry.entered_at for entry in entries}) == 1
    assert entries[0].entered_at >= before
    today = business_date()
    for entry in entries:
        assert entry.clock_ends_on == clock_end(today, 3)
        offers = queries.offers(entry.person, today=today)
        assert len(offers) >= 3
        assert all(offer.reasons for offer in offers)
    assert queries.offers(cast.mei, today=today)[0].seat.role == "Engineer"
    assert "refrigeration" in queries.offers(cast.mei, today=today)[0].reasons[0]
    assert not Membership.objects.active(today).filter(microenterprise=cast.cold_chain).exists()
    cast.cold_chain.refresh_from_db()
    assert cast.cold_chain.status == Microenterprise.Status.DISSOLVED


def test_the_last_money_is_shared_and_the_wallet_ends_empty(cast: Cast) -> None:
    me = cast.cold_chain.entity_id
    platform_before = balance(cast.platform.entity_id, Kind.WALLET)
    earn(cast, cast.cold_chain, 1_000_000)

    wind_up(microenterprise=cast.cold_chain, reason="We reached what we wanted.", by=cast.amara)

    found = balances([me], list(Kind))
    owed = balance(me, Kind.PAYABLE)
    assert owed == 300_000  # 30 % of a profit of 10,000.00, by the terms of the cast
    assert found[me, Kind.WALLET] == 0
    assert found[me, Kind.SET_ASIDE] == owed
    assert found[me, Kind.STAKE] == 0
    nominal = (Kind.INCOME_OUTSIDE, Kind.EXPENSE_OUTSIDE, Kind.PROFIT_SHARED, Kind.RETAINED)
    assert [found[me, kind] for kind in nominal] == [0, 0, 0, 0]
    assert balance(cast.platform.entity_id, Kind.WALLET) == platform_before + 10_000_000 + 700_000
    out = StringIO()
    call_command("check_books", stdout=out)


def test_a_running_contract_ends_and_its_escrow_goes_back(cast: Cast) -> None:
    contract = scenes.signed(cast)
    buyer = cast.blue_kettle.entity_id
    wallet = balance(buyer, Kind.WALLET)

    wind_up(microenterprise=cast.cold_chain, reason="The supplier gives up.", by=cast.amara)

    contract.refresh_from_db()
    assert contract.status == Contract.Status.TERMINATED
    assert balance(buyer, Kind.ESCROW) == 0
    assert balance(buyer, Kind.WALLET) == wallet + scenes.PRICE


def test_stakes_of_an_me_that_ended_are_its_platforms_and_a_lost_stake_is_in_nobodys_books(cast: Cast) -> None:
    firm = placements.launch(idea=ready(cast), terms=TERMS, by=cast.sol)
    venture, backer, platform = firm.entity_id, cast.blue_kettle.entity_id, cast.platform.entity_id
    assert balance(backer, Kind.STAKE_HELD, f"entity:{venture}") == 400_000

    wind_up(microenterprise=cast.blue_kettle, reason="No need any more.", by=cast.lin)

    assert balance(backer, Kind.STAKE_HELD) == balance(backer, Kind.RETAINED) == 0
    assert balance(platform, Kind.STAKE_HELD, f"entity:{venture}") == 400_000
    stakes = {party: minor for (_entity, party), minor in party_balances([venture], Kind.STAKE).items() if minor}
    assert stakes == {cast.hua.party: 600_000, f"entity:{platform}": 400_000}

    record_cost(microenterprise=firm, amount_minor=700_000, document=paper("C-1"), by=cast.fay)
    held, wallet = balance(platform, Kind.STAKE_HELD), balance(platform, Kind.WALLET)
    wind_up(microenterprise=firm, reason="Nobody bought it.", by=cast.sol)

    assert balance(venture, Kind.WALLET) == balance(venture, Kind.STAKE) == balance(venture, Kind.RETAINED) == 0
    assert balance(venture, Kind.PAYABLE, cast.hua.party) == 180_000
    assert balance(platform, Kind.WALLET) == wallet + 120_000
    assert balance(platform, Kind.STAKE_HELD) == held - 400_000
    call_command("check_books", stdout=StringIO())


def test_the_buyer_can_be_wound_up_while_a_project_is_open(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    wind_up(microenterprise=cast.blue_kettle, reason="No need any more.", by=cast.lin)
    contract.refresh_from_db()
    assert contract.status == Contract.Status.VOID
    assert not Project.objects.filter(buyer=cast.blue_kettle, status__in=queries.OPEN_PROJECTS).exists()
    found = balances([cast.blue_kettle.entity_id], [Kind.WALLET, Kind.HOLD, Kind.ESCROW])
    assert set(found.values()) == {0}


def test_only_the_leader_winds_an_me_up_and_only_once(cast: Cast) -> None:
    for stranger in (cast.mei, cast.lin, cast.hua, cast.fay, cast.rui, cast.ada):
        with pytest.raises(Denied, match="Amara"):
            wind_up(microenterprise=cast.cold_chain, reason="x", by=stranger)
    with pytest.raises(Invalid, match="Say why"):
        wind_up(microenterprise=cast.cold_chain, reason="  ", by=cast.amara)
    wind_up(microenterprise=cast.cold_chain, reason="Over.", by=cast.amara)
    with pytest.raises(InvalidTransition, match="already dissolved"):
        wind_up(microenterprise=cast.cold_chain, reason="Again.", by=cast.amara)


def test_somebody_with_another_place_does_not_enter_the_pool(cast: Cast) -> None:
    seat = open_seat(cast.northwind, "Adviser", cast.teo)
    invited = invitations.invite(seat=seat, person=cast.mei, by=cast.teo)
    placements.accept(invitation=invited, by=cast.mei)
    entries = wind_up(microenterprise=cast.cold_chain, reason="Over.", by=cast.amara)
    assert {entry.person for entry in entries} == {cast.amara}


def test_accepting_an_invitation_lands_the_person(cast: Cast) -> None:
    entry = pool.enter(person=cast.sol, left=None, by=None)
    seat = open_seat(cast.cold_chain, "Analyst", cast.amara)
    invited = invitations.invite(seat=seat, person=cast.sol, message="Come.", by=cast.hua)

    with pytest.raises(Denied):
        placements.accept(invitation=invited, by=cast.hua)
    placements.accept(invitation=invited, by=cast.sol)

    entry.refresh_from_db()
    assert entry.landed_in == seat
    assert Membership.objects.active(business_date()).filter(person=cast.sol, microenterprise=cast.cold_chain).exists()


def test_launching_an_idea_lands_its_owner(cast: Cast) -> None:
    entry = pool.enter(person=cast.sol, left=None, by=None)
    firm = placements.launch(idea=ready(cast), terms=TERMS, by=cast.sol)
    entry.refresh_from_db()
    assert entry.landed_at is not None
    assert entry.landed_in is None
    assert "by an idea of their own" in client(cast.hua).get(f"/talent/people/{entry.pk}/").content.decode()
    assert [again.person for again in wind_up(microenterprise=firm, reason="Over.", by=cast.sol)] == [cast.sol]


@pytest.mark.parametrize("launched", [True, False])
def test_a_seat_of_an_idea_lands_nobody_before_it_is_launched(cast: Cast, launched: bool) -> None:
    ping = person("Ping")
    entry = pool.enter(person=ping, left=None, by=None)
    idea = ready(cast)
    seat = seats.open_seat(owner=idea, spec=SeatSpec(role="Driver", customer_outcome="Buses run."), by=cast.sol)
    placements.accept(invitation=placements.ask(seat=seat, by=ping), by=cast.sol)
    entry.refresh_from_db()
    assert entry.landed_at is None
    if launched:
        placements.launch(idea=idea, terms=TERMS, by=cast.sol)
    else:
        ideas.withdraw(idea=idea, reason="Nobody rides at night.", by=cast.sol)
    entry.refresh_from_db()
    assert (entry.landed_at is not None, entry.landed_in) == (launched, seat if launched else None)


def test_entering_twice_keeps_the_first_clock(cast: Cast) -> None:
    first = pool.enter(person=cast.sol, left=None, by=None)
    assert pool.enter(person=cast.sol, left=cast.cold_chain, by=None) == first
    assert PoolEntry.objects.filter(person=cast.sol).count() == 1


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def test_hua_sees_the_board_by_days_left_and_invites(cast: Cast) -> None:
    entry = pool.enter(person=cast.sol, left=None, by=None)
    PoolEntry.objects.filter(pk=entry.pk).update(clock_ends_on=business_date() - timedelta(days=1))
    seat = open_seat(cast.cold_chain, "Analyst", cast.amara)
    hua = client(cast.hua)

    board = hua.get("/admin/talent_pool/poolentry/board/")
    columns = {column.key: column for column in board.context["columns"]}
    assert [e.person for e in columns["expired"].entries] == [cast.sol]
    assert b"Expired" in board.content

    address = f"/admin/talent_pool/poolentry/{entry.pk}/invite/"
    assert hua.post(address, {"message": "Hello"}).status_code == 422
    assert hua.post(address, {"seat": seat.pk, "message": "Hello"}).status_code == 302
    invited = seat.invitations.get()
    assert (invited.person, invited.invited_by, invited.message) == (cast.sol, cast.hua, "Hello")


def test_others_than_hr_neither_keep_the_board_nor_invite(cast: Cast) -> None:
    entry = pool.enter(person=cast.sol, left=None, by=None)
    address = f"/admin/talent_pool/poolentry/{entry.pk}/invite/"
    assert client(cast.rui).get("/admin/talent_pool/poolentry/board/").status_code == 200
    assert client(cast.rui).get(address).status_code == 403
    assert client(cast.fay).get("/admin/talent_pool/poolentry/board/").status_code == 403
    assert client(cast.lin).get("/admin/talent_pool/poolentry/board/").status_code == 302


def test_hua_corrects_a_record_and_the_trail_keeps_both(cast: Cast) -> None:
    hua = client(cast.hua)
    address = f"/admin/people/user/{cast.mei.pk}/change/"
    typed = {"name": "Mei Lin", "email": "mei@haier.example", "is_active": "on", "joined_on": "2026-01-01"}
    assert hua.post(address, typed).status_code == 302
    cast.mei.refresh_from_db()
    assert cast.mei.name == "Mei Lin"
    assert client(cast.rui).post(address, typed).status_code == 403
    own = f"/admin/people/user/{cast.hua.pk}/change/"
    refused = hua.post(own, {**typed, "email": "hua@haier.example", "roles": ["hr", "finance"]})
    assert refused.status_code == 200
    assert b"Nobody changes their own roles" in refused.content


def test_the_pages_say_the_same_to_keyboard_and_eye(cast: Cast) -> None:
    pool.enter(person=cast.sol, left=cast.cold_chain, by=None)
    seat = open_seat(cast.cold_chain, "Analyst", cast.amara)
    sol = client(cast.sol)
    for address in ("/talent/", "/talent/seats/", "/talent/me/", f"/talent/seats/{seat.pk}/ask/"):
        page = sol.get(address)
        assert page.status_code == 200, address
        assert page.content.count(b"<h1") == 1
    asked = sol.post(f"/talent/seats/{seat.pk}/ask/", {"message": "I know cold rooms."})
    assert asked.status_code == 303
    assert client(cast.teo).get(asked["Location"]).status_code == 404
    assert b"Accept: take the seat" not in sol.get(asked["Location"]).content
    assert client(cast.amara).post(asked["Location"], {"answer": "accept"}).status_code == 303
    seat.refresh_from_db()
    assert seat.filled_by == cast.sol


def test_the_pages_take_as_many_statements_for_three_times_the_people_seats_and_skills(cast: Cast) -> None:
    entry = pool.enter(person=cast.sol, left=cast.cold_chain, by=None)
    pages = {
        "/talent/": cast.hua,
        "/talent/seats/": cast.sol,
        "/talent/me/": cast.sol,
        f"/talent/people/{entry.pk}/": cast.hua,
        "/admin/talent_pool/poolentry/board/": cast.hua,
        "/admin/talent_pool/poolentry/": cast.hua,
    }

    def more(name: str) -> None:
        known = skill(f"cooling {name}")
        somebody = person(f"Waiting {name}")
        for who in (cast.sol, somebody):
            PersonSkill.objects.create(person=who, skill=known)
        pool.enter(person=somebody, left=cast.cold_chain, by=None)
        seat = open_seat(cast.northwind, f"Role {name}", cast.teo, known)
        invitations.invite(seat=seat, person=cast.sol, by=cast.teo)

    more("1")
    few = {url: statements(who, url) for url, who in pages.items()}
    more("2")
    more("3")
    assert {url: statements(who, url) for url, who in pages.items()} == few
    assert max(few.values()) <= 8, few


def test_the_wind_up_page_says_what_happens_and_keeps_what_was_typed(cast: Cast) -> None:
    earn(cast, cast.cold_chain, 5_00)
    address = f"/talent/wind-up/{cast.cold_chain.pk}/"
    page = client(cast.amara).get(address)
    assert b"Wind up Cold Chain for good" in page.content
    assert client(cast.amara).post(address, {"reason": ""}).status_code == 422
    assert client(cast.mei).post(address, {"reason": "x"}).status_code == 403
    assert client(cast.amara).post(address, {"reason": "Over."}).status_code == 303
