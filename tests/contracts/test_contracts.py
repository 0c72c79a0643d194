"""A contract is what all parties saw: signing, changing, delivering, accepting, ending, rating, as sentences."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from contracts.access import contract_or_404
from contracts.actions import contracts, drafting, milestones, parties, ratings
from contracts.models import Award, Contract, ContractVersion, Milestone, Project, Signature
from contracts.queries import contracts as queries
from core import clock
from core.clock import business_date, market_now
from core.errors import Conflict, Denied, Invalid, InvalidTransition, TooLate
from core.models import AuditRecord
from ledger.accounts import Book, Kind
from ledger.queries import balance, entries_about
from microenterprises.models import Membership, Microenterprise
from people.models import Notice, User
from tests.cast import Cast, cast
from tests.contracts import scenes

__all__ = ["cast"]


def of(firm: Microenterprise, kind: Kind, book: Book = Book.REAL) -> int:
    return balance(firm.entity_id, kind, book=book)


# ------------------------------------------------------------------ signing


def test_the_last_signature_moves_the_price_into_escrow_and_the_rest_back_to_the_wallet(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    wallet = of(cast.blue_kettle, Kind.WALLET)
    assert of(cast.blue_kettle, Kind.HOLD) == scenes.CEILING

    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.lin)
    contract.refresh_from_db()
    assert contract.status == Contract.Status.SIGNING
    assert not contract.milestones.exists()
    assert of(cast.blue_kettle, Kind.ESCROW) == 0

    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.amara)
    contract.refresh_from_db()
    assert contract.status == Contract.Status.ACTIVE
    assert of(cast.blue_kettle, Kind.HOLD) == 0
    assert of(cast.blue_kettle, Kind.ESCROW) == scenes.PRICE
    assert of(cast.blue_kettle, Kind.WALLET) == wallet + scenes.CEILING - scenes.PRICE
    assert [row.amount_minor for row in contract.milestones.all()] == [scenes.PRICE]


def test_a_bid_at_the_ceiling_leaves_nothing_over(cast: Cast) -> None:
    contract = scenes.awarded(cast, price_minor=scenes.CEILING)
    wallet = of(cast.blue_kettle, Kind.WALLET)
    for leader in (cast.amara, cast.lin):
        contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=leader)
    assert of(cast.blue_kettle, Kind.ESCROW) == scenes.CEILING
    assert of(cast.blue_kettle, Kind.WALLET) == wallet


def test_only_leaders_sign_and_each_party_once(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    seen = scenes.digest(contract)
    for somebody in (cast.noor, cast.mei, cast.teo, cast.ada, cast.rui, cast.fay, cast.hua):
        with pytest.raises(Denied, match="leaders of Blue Kettle and Cold Chain"):
            contracts.sign(contract=contract, sha256_seen=seen, by=somebody)
    contracts.sign(contract=contract, sha256_seen=seen, by=cast.amara)
    with pytest.raises(InvalidTransition, match="waits for Blue Kettle"):
        contracts.sign(contract=contract, sha256_seen=seen, by=cast.amara)
    assert Signature.objects.count() == 1


def test_who_leads_both_sides_signs_for_neither(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    Membership.objects.filter(microenterprise=cast.cold_chain, person=cast.amara).update(ended_on=scenes.in_days(0))
    Membership.objects.create(
        microenterprise=cast.cold_chain,
        person=cast.lin,
        role="Leader",
        customer_outcome="Deliveries arrive cold.",
        is_lead=True,
        track="entrepreneur",
        started_on=scenes.in_days(0),
    )
    with pytest.raises(Denied, match="Nobody buys from themselves"):
        contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.lin)


def test_a_signature_on_words_that_changed_meanwhile_is_refused(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    stale = scenes.digest(contract)
    drafting.propose_version(contract=contract, milestones=scenes.in_two_parts(), note="Two steps.", by=cast.lin)
    with pytest.raises(Conflict, match="Read version 2"):
        contracts.sign(contract=contract, sha256_seen=stale, by=cast.amara)
    assert not Signature.objects.exists()


def test_a_new_version_voids_the_signatures_which_stay_with_the_old_one(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.lin)
    drafting.propose_version(contract=contract, milestones=scenes.in_two_parts(), note="Two steps.", by=cast.amara)
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.amara)
    contract.refresh_from_db()
    assert contract.status == Contract.Status.SIGNING
    newest, first = queries.versions(contract)
    assert (set(newest.signed), set(first.signed)) == ({"supplier"}, {"buyer"})
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.lin)
    contract.refresh_from_db()
    assert contract.status == Contract.Status.ACTIVE
    assert contract.milestones.count() == 2


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ((60_000_00, 20_000_00), r"10,000\.00 is missing to the price of .*90,000\.00"),
        ((60_000_00, 30_000_01), r"0\.01 over the price of .*90,000\.00"),
        ((90_000_00, 0), "Milestone 2 needs an amount above zero"),
    ],
)
def test_milestones_sum_to_the_price_or_the_sentence_says_what_is_wrong(
    cast: Cast, amounts: tuple[int, int], said: str
) -> None:
    contract = scenes.awarded(cast)
    asked = [(f"Part {n}", amount, scenes.in_days(9)) for n, amount in enumerate(amounts)]
    with pytest.raises(Invalid, match=said):
        drafting.propose_version(contract=contract, milestones=asked, note="Parts.", by=cast.amara)


def test_a_version_without_a_change_without_a_note_or_due_yesterday_is_refused(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    with pytest.raises(Invalid, match="change one of them"):
        drafting.propose_version(
            contract=contract,
            milestones=[(contract.title, scenes.PRICE, scenes.in_days(30))],
            note="Nothing new.",
            by=cast.amara,
        )
    with pytest.raises(Invalid, match="Say why"):
        drafting.propose_version(contract=contract, milestones=scenes.in_two_parts(), note=" ", by=cast.amara)
    with pytest.raises(Invalid, match="due before today"):
        drafting.propose_version(
            contract=contract, milestones=[("All", scenes.PRICE, scenes.in_days(-1))], note="Late.", by=cast.amara
        )


def test_signed_words_are_frozen(cast: Cast) -> None:
    contract = scenes.signed(cast)
    with pytest.raises(InvalidTransition, match="frozen"):
        drafting.propose_version(contract=contract, milestones=scenes.in_two_parts(), note="Again.", by=cast.lin)


def test_unsigned_after_the_days_for_signing_a_contract_is_void_and_the_hold_goes_back(cast: Cast) -> None:
    wallet = of(cast.blue_kettle, Kind.WALLET)
    contract = scenes.awarded(cast)
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.lin)
    clock.move_forward(timedelta(days=13, hours=23))
    assert contracts.void_unsigned(market_now()) == 0
    clock.move_forward(timedelta(hours=2))
    with pytest.raises(TooLate):
        contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.amara)
    assert contracts.void_unsigned(market_now()) == 1
    assert contracts.void_unsigned(market_now()) == 0
    contract.refresh_from_db()
    assert contract.status == Contract.Status.VOID
    assert Award.objects.get().status == Award.Status.DECLINED
    assert Project.objects.get().status == Project.Status.UNSUCCESSFUL
    assert of(cast.blue_kettle, Kind.WALLET) == wallet
    assert of(cast.blue_kettle, Kind.HOLD) == 0


def test_a_leader_declines_with_a_reason_and_nobody_else_does(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    with pytest.raises(Denied):
        contracts.void(contract=contract, reason="No.", by=cast.mei)
    with pytest.raises(Invalid, match="reason"):
        contracts.void(contract=contract, reason=" ", by=cast.amara)
    contracts.void(contract=contract, reason="Two of our people left.", by=cast.amara)
    contract.refresh_from_db()
    assert (contract.status, contract.ended_reason) == ("void", "Two of our people left.")
    assert of(cast.blue_kettle, Kind.HOLD) == 0


# ------------------------------------------------------------------ work


def test_acceptance_pays_the_supplier_from_escrow_in_one_entry(cast: Cast) -> None:
    contract = scenes.delivered(cast, parts=scenes.in_two_parts())
    wallet = of(cast.cold_chain, Kind.WALLET)
    milestones.accept(milestone=scenes.milestone(contract), by=cast.noor)
    assert of(cast.cold_chain, Kind.WALLET) == wallet + 60_000_00
    assert of(cast.cold_chain, Kind.INCOME_INSIDE) == 60_000_00
    assert of(cast.blue_kettle, Kind.EXPENSE_INSIDE) == 60_000_00
    assert of(cast.blue_kettle, Kind.ESCROW) == 30_000_00
    contract.refresh_from_db()
    assert contract.status == Contract.Status.ACTIVE
    assert [entry.kind for entry in entries_about(parties.subject(contract))].count("milestone_accepted") == 1


def test_the_last_milestone_completes_the_contract(cast: Cast) -> None:
    contract = scenes.completed(cast)
    assert contract.status == Contract.Status.COMPLETED
    assert contract.ended_at is not None
    assert of(cast.blue_kettle, Kind.ESCROW) == 0


def test_a_part_is_paid_and_the_rest_returns_which_is_final(cast: Cast) -> None:
    contract = scenes.delivered(cast)
    wallet = of(cast.blue_kettle, Kind.WALLET)
    part = milestones.accept_part(
        milestone=scenes.milestone(contract), amount_minor=70_000_00, reason="Two vans are not done.", by=cast.noor
    )
    assert part.status == Milestone.Status.PART_ACCEPTED
    assert of(cast.cold_chain, Kind.INCOME_INSIDE) == 70_000_00
    assert of(cast.blue_kettle, Kind.WALLET) == wallet + 20_000_00
    assert of(cast.blue_kettle, Kind.ESCROW) == 0
    with pytest.raises(InvalidTransition):
        milestones.accept(milestone=part, by=cast.noor)


@pytest.mark.parametrize("amount", [0, -1, scenes.PRICE, scenes.PRICE + 1])
def test_a_part_is_more_than_nothing_and_less_than_all(cast: Cast, amount: int) -> None:
    contract = scenes.delivered(cast)
    with pytest.raises(Invalid, match="more than nothing"):
        milestones.accept_part(milestone=scenes.milestone(contract), amount_minor=amount, reason="Why.", by=cast.noor)


def test_a_rejected_milestone_is_delivered_again(cast: Cast) -> None:
    contract = scenes.delivered(cast)
    with pytest.raises(Invalid, match="reason"):
        milestones.reject(milestone=scenes.milestone(contract), reason="", by=cast.noor)
    milestones.reject(milestone=scenes.milestone(contract), reason="The logger files are empty.", by=cast.noor)
    assert of(cast.blue_kettle, Kind.ESCROW) == scenes.PRICE
    with pytest.raises(InvalidTransition, match="Nothing is delivered"):
        milestones.accept(milestone=scenes.milestone(contract), by=cast.noor)
    milestones.deliver(
        milestone=scenes.milestone(contract), evidence="With files.", evidence_url="https://a.example/1", by=cast.amara
    )
    again = scenes.milestone(contract)
    assert (again.decision_reason, again.decided_by) == ("", None)
    milestones.accept(milestone=again, by=cast.noor)


def test_members_of_the_supplier_deliver_and_nobody_else(cast: Cast) -> None:
    contract = scenes.signed(cast)
    for somebody in (cast.lin, cast.noor, cast.teo, cast.ada):
        with pytest.raises(Denied, match="Members of Cold Chain"):
            milestones.deliver(milestone=scenes.milestone(contract), evidence="x", evidence_url="", by=somebody)
    with pytest.raises(Invalid, match="Say what was delivered"):
        milestones.deliver(milestone=scenes.milestone(contract), evidence="  ", evidence_url="", by=cast.mei)


def test_only_the_named_acceptor_decides(cast: Cast) -> None:
    contract = scenes.delivered(cast)
    for somebody in (cast.lin, cast.amara, cast.mei, cast.teo, cast.ada, cast.fay):
        with pytest.raises(Denied, match="Noor decides"):
            milestones.accept(milestone=scenes.milestone(contract), by=somebody)


def join(cast: Cast, person: User, firm: Microenterprise) -> None:
    Membership.objects.create(
        microenterprise=firm,
        person=person,
        role="Helper",
        customer_outcome="Deliveries arrive cold.",
        track="stable",
        started_on=scenes.in_days(-1),
    )


def test_the_acceptor_must_still_be_with_the_buyer_and_not_with_the_supplier(cast: Cast) -> None:
    contract = scenes.delivered(cast)
    join(cast, cast.noor, cast.cold_chain)
    with pytest.raises(Denied, match="nobody accepts their own work"):
        milestones.accept(milestone=scenes.milestone(contract), by=cast.noor)
    Membership.objects.filter(person=cast.noor, microenterprise=cast.blue_kettle).update(ended_on=scenes.in_days(0))
    with pytest.raises(Denied, match="no longer a member"):
        milestones.accept(milestone=scenes.milestone(contract), by=cast.noor)


def test_the_buyers_leader_names_a_successor_who_may_decide(cast: Cast) -> None:
    contract = scenes.delivered(cast)
    with pytest.raises(Denied):
        contracts.name_acceptor(contract=contract, acceptor=cast.sol, by=cast.amara)
    with pytest.raises(Invalid, match="Sol cannot accept"):
        contracts.name_acceptor(contract=contract, acceptor=cast.sol, by=cast.lin)
    with pytest.raises(Invalid, match="Who awards is not who accepts"):
        contracts.name_acceptor(contract=contract, acceptor=cast.lin, by=cast.lin)
    join(cast, cast.sol, cast.blue_kettle)
    contracts.name_acceptor(contract=contract, acceptor=cast.sol, by=cast.lin)
    with pytest.raises(Denied, match="Sol decides"):
        milestones.accept(milestone=scenes.milestone(contract), by=cast.noor)
    milestones.accept(milestone=scenes.milestone(contract), by=cast.sol)


def test_silence_for_the_agreed_days_is_acceptance_by_the_clock(cast: Cast) -> None:
    contract = scenes.delivered(cast)
    clock.move_forward(timedelta(days=13, hours=23))
    assert milestones.accept_silent(market_now()) == 0
    clock.move_forward(timedelta(hours=2))
    assert milestones.accept_silent(market_now()) == 1
    assert milestones.accept_silent(market_now()) == 0
    silent = scenes.milestone(contract)
    assert (silent.status, silent.decided_by) == (Milestone.Status.ACCEPTED, None)
    assert of(cast.cold_chain, Kind.INCOME_INSIDE) == scenes.PRICE
    assert any(line.who == "" and "acceptance" in line.sentence for line in queries.trail(contract))


def test_after_a_rejection_silence_counts_from_the_next_delivery(cast: Cast) -> None:
    contract = scenes.delivered(cast)
    clock.move_forward(timedelta(days=10))
    milestones.reject(milestone=scenes.milestone(contract), reason="Not yet.", by=cast.noor)
    clock.move_forward(timedelta(days=10))
    assert milestones.accept_silent(market_now()) == 0
    milestones.deliver(milestone=scenes.milestone(contract), evidence="Now.", evidence_url="", by=cast.mei)
    clock.move_forward(timedelta(days=13))
    assert milestones.accept_silent(market_now()) == 0
    clock.move_forward(timedelta(days=2))
    assert milestones.accept_silent(market_now()) == 1


def test_a_silence_that_is_over_leaves_nothing_to_decide_however_late_the_clock_is(cast: Cast) -> None:
    contract = scenes.delivered(cast)
    milestone = scenes.milestone(contract)
    clock.move_forward(timedelta(days=14))
    decisions: list[Callable[[], Milestone]] = [
        lambda: milestones.reject(milestone=milestone, reason="Never mind.", by=cast.noor),
        lambda: milestones.accept_part(milestone=milestone, amount_minor=1, reason="A bit.", by=cast.noor),
        lambda: milestones.accept(milestone=milestone, by=cast.noor),
    ]
    for decide in decisions:
        with pytest.raises(TooLate, match="accepted by silence since"):
            decide()
    assert milestones.accept_silent(market_now()) == 1
    assert scenes.milestone(contract).status == Milestone.Status.ACCEPTED


def test_what_silence_has_accepted_is_paid_before_the_steward_ends_the_rest(cast: Cast) -> None:
    contract = scenes.delivered(cast, parts=scenes.in_two_parts())
    clock.move_forward(timedelta(days=15))
    contracts.terminate(contract=contract, reason="The vans burnt.", by=cast.ada)
    contract.refresh_from_db()
    rows = list(contract.milestones.order_by("number"))
    assert (contract.status, [row.status for row in rows]) == ("terminated", ["accepted", "cancelled"])
    assert (of(cast.cold_chain, Kind.INCOME_INSIDE), of(cast.blue_kettle, Kind.ESCROW)) == (rows[0].amount_minor, 0)
    assert rows[0].submitted_at is not None
    paid = next(entry for entry in entries_about(f"contract:{contract.pk}") if entry.kind == "milestone_accepted")
    assert paid.effective_date == business_date(rows[0].submitted_at + timedelta(days=14))


@pytest.mark.parametrize("end", ["steward", "leaders", "buyer", "supplier"])
def test_a_contract_that_silence_completes_has_nothing_left_to_end(cast: Cast, end: str) -> None:
    contract = scenes.delivered(cast)
    if end == "leaders":
        contracts.propose_end(contract=contract, reason="Enough.", by=cast.lin)
    clock.move_forward(timedelta(days=15))
    if end == "steward":
        contracts.terminate(contract=contract, reason="Enough.", by=cast.ada)
    elif end == "leaders":
        contracts.propose_end(contract=contract, reason="Enough.", by=cast.amara)
    elif end == "buyer":
        contracts.end_with_party(contract=contract, leaving=cast.blue_kettle, reason="Closed.", by=cast.lin)
    else:
        contracts.end_with_party(contract=contract, leaving=cast.cold_chain, reason="Closed.", by=cast.amara)
    contract.refresh_from_db()
    assert contract.status == Contract.Status.COMPLETED
    assert of(cast.cold_chain, Kind.INCOME_INSIDE) == scenes.PRICE


# ------------------------------------------------------------------ the end


def test_one_leader_proposes_the_end_and_the_other_agrees(cast: Cast) -> None:
    contract = scenes.delivered(cast, parts=scenes.in_two_parts())
    milestones.accept(milestone=scenes.milestone(contract), by=cast.noor)
    wallet = of(cast.blue_kettle, Kind.WALLET)
    contracts.propose_end(contract=contract, reason="The vans are sold.", by=cast.lin)
    contract.refresh_from_db()
    assert contract.status == Contract.Status.ACTIVE
    with pytest.raises(InvalidTransition, match="waits for Cold Chain"):
        contracts.propose_end(contract=contract, reason="Again.", by=cast.lin)
    contracts.propose_end(contract=contract, reason="Agreed.", by=cast.amara)
    contract.refresh_from_db()
    assert (contract.status, contract.ended_reason) == ("terminated", "The vans are sold.")
    assert [row.status for row in contract.milestones.all()] == ["accepted", "cancelled"]
    assert of(cast.blue_kettle, Kind.WALLET) == wallet + 30_000_00
    assert of(cast.blue_kettle, Kind.ESCROW) == 0


def test_a_proposed_end_can_be_taken_back_by_its_own_side_only(cast: Cast) -> None:
    contract = scenes.signed(cast)
    contracts.propose_end(contract=contract, reason="Too slow.", by=cast.lin)
    with pytest.raises(InvalidTransition):
        contracts.withdraw_end(contract=contract, by=cast.amara)
    contracts.withdraw_end(contract=contract, by=cast.lin)
    contract.refresh_from_db()
    assert contract.end_proposed_for is None
    contracts.propose_end(contract=contract, reason="We cannot.", by=cast.amara)
    contract.refresh_from_db()
    assert contract.status == Contract.Status.ACTIVE
    assert contract.end_proposed_for == "supplier"


def test_a_leader_cannot_end_a_contract_alone_and_the_steward_can(cast: Cast) -> None:
    contract = scenes.signed(cast)
    for somebody in (cast.lin, cast.amara, cast.noor, cast.hua, cast.fay, cast.rui):
        with pytest.raises(Denied, match="steward"):
            contracts.terminate(contract=contract, reason="Because.", by=somebody)
    contracts.terminate(contract=contract, reason="Clause 1 cannot be met: the vans burnt.", by=cast.ada)
    contract.refresh_from_db()
    assert contract.status == Contract.Status.TERMINATED
    assert of(cast.blue_kettle, Kind.ESCROW) == 0
    with pytest.raises(InvalidTransition, match="ended"):
        milestones.deliver(milestone=scenes.milestone(contract), evidence="x", evidence_url="", by=cast.mei)


def test_a_steward_who_works_for_a_party_does_not_rule(cast: Cast) -> None:
    contract = scenes.signed(cast)
    join(cast, cast.ada, cast.blue_kettle)
    with pytest.raises(Denied, match="another steward"):
        contracts.terminate(contract=contract, reason="Because.", by=cast.ada)


def test_dissolving_a_party_voids_unsigned_contracts_and_ends_signed_ones(cast: Cast) -> None:
    unsigned, signed = scenes.awarded(cast, title="One"), scenes.signed(cast, title="Two")
    for contract in (unsigned, signed):
        with pytest.raises(Denied, match="no party"):
            contracts.end_with_party(contract=contract, leaving=cast.northwind, reason="Closed.", by=cast.teo)
        contracts.end_with_party(contract=contract, leaving=cast.cold_chain, reason="Closed.", by=cast.amara)
        contract.refresh_from_db()
    assert (unsigned.status, signed.status) == ("void", "terminated")
    assert of(cast.blue_kettle, Kind.HOLD) == of(cast.blue_kettle, Kind.ESCROW) == 0


# ------------------------------------------------------------------ ratings


def test_each_side_rates_once_after_completion(cast: Cast) -> None:
    contract = scenes.delivered(cast)
    with pytest.raises(InvalidTransition, match="once the contract is completed"):
        ratings.rate(contract=contract, stars=5, comment="", by=cast.noor)
    milestones.accept(milestone=scenes.milestone(contract), by=cast.noor)
    for somebody in (cast.mei, cast.teo, cast.ada):
        with pytest.raises(Denied):
            ratings.rate(contract=contract, stars=5, comment="", by=somebody)
    with pytest.raises(Invalid):
        ratings.rate(contract=contract, stars=6, comment="", by=cast.noor)
    ratings.rate(contract=contract, stars=5, comment="Cold at last.", by=cast.noor)
    with pytest.raises(InvalidTransition, match="has given"):
        ratings.rate(contract=contract, stars=4, comment="", by=cast.lin)
    ratings.rate(contract=contract, stars=4, comment="Clear words.", by=cast.amara)


def shown(contract: Contract, reader: User) -> set[str]:
    found = contract_or_404(reader, contract.pk, scenes.in_days(0))
    return {row.party for row in queries.shown_ratings(found, market_now())}


def test_a_rating_is_hidden_until_both_are_in(cast: Cast) -> None:
    contract = scenes.completed(cast)
    ratings.rate(contract=contract, stars=2, comment="Late.", by=cast.noor)
    assert shown(contract, cast.amara) == set()
    assert shown(contract, cast.rui) == set()
    assert shown(contract, cast.lin) == {"buyer"}
    assert not any("Late" in str(row.facts) for row in _trail(contract))
    ratings.rate(contract=contract, stars=5, comment="", by=cast.amara)
    assert shown(contract, cast.amara) == shown(contract, cast.rui) == {"buyer", "supplier"}


def test_a_lone_rating_is_shown_after_its_days(cast: Cast) -> None:
    contract = scenes.completed(cast)
    ratings.rate(contract=contract, stars=2, comment="Late.", by=cast.noor)
    clock.move_forward(timedelta(days=14))
    assert shown(contract, cast.amara) == {"buyer"}


def _trail(contract: Contract) -> list[AuditRecord]:
    return list(AuditRecord.objects.filter(subject=parties.subject(contract)))


# ------------------------------------------------------------------ what the database refuses by itself


def refused(said: str, statement: str, *values: str) -> None:
    with pytest.raises(IntegrityError, match=said), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_words_signatures_and_ratings_are_only_ever_added(cast: Cast) -> None:
    contract = scenes.completed(cast)
    ratings.rate(contract=contract, stars=2, comment="Late.", by=cast.noor)
    connection.check_constraints()  # deferred checks of the rows above would hide what is tried here
    for table in ("contractversion", "signature", "rating"):
        refused("only ever added", f"DELETE FROM contracts_{table}")
        refused("only ever added", f"TRUNCATE contracts_{table} CASCADE")
    refused("only ever added", "UPDATE contracts_contractversion SET body = 'x'")
    refused("only ever added", "UPDATE contracts_signature SET sha256_seen = 'x'")
    refused("only ever added", "UPDATE contracts_rating SET stars = 5")


def test_a_version_carries_the_hash_of_its_own_words_and_a_signature_names_it(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    version = parties.current_version(contract)
    with pytest.raises(IntegrityError, match="a_version_carries_its_own_hash"), transaction.atomic():
        ContractVersion.objects.create(
            contract=contract,
            number=2,
            body=version.body + " ",
            sha256=version.sha256,
            party="buyer",
            created_at=market_now(),
            created_by=cast.lin,
        )
    with pytest.raises(IntegrityError, match="names the hash"), transaction.atomic():
        Signature.objects.create(
            version=version, party="buyer", sha256_seen="0" * 64, signed_at=market_now(), signed_by=cast.lin
        )


def test_decided_milestones_and_what_was_promised_never_change(cast: Cast) -> None:
    contract = scenes.delivered(cast, parts=scenes.in_two_parts())
    refused("was signed and never changes", "UPDATE contracts_milestone SET amount_minor = 1 WHERE number = 2")
    refused("was signed and never changes", "UPDATE contracts_milestone SET due_on = due_on + 1 WHERE number = 2")
    milestones.accept(milestone=scenes.milestone(contract), by=cast.noor)
    refused("accepted never changes", "UPDATE contracts_milestone SET accepted_minor = 1 WHERE number = 1")
    refused("accepted never changes", "UPDATE contracts_milestone SET status = 'scheduled' WHERE number = 1")
    refused("only ever added", "DELETE FROM contracts_milestone")
    with pytest.raises(IntegrityError, match="do not sum to its price"), transaction.atomic():
        Milestone.objects.create(contract=contract, number=3, title="More", amount_minor=1, due_on=scenes.in_days(1))


# ------------------------------------------------------------------ who is told


def test_whoever_must_act_is_told_in_their_own_language(cast: Cast) -> None:
    cast.amara.language = "zh-hans"
    cast.amara.save()
    contract = scenes.awarded(cast)
    told = Notice.objects.filter(link=parties.link(contract))
    assert {notice.person for notice in told} == {cast.lin, cast.amara}
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.lin)
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.amara)
    milestones.deliver(milestone=scenes.milestone(contract), evidence="Done.", evidence_url="", by=cast.mei)
    assert Notice.objects.filter(person=cast.noor, sentence__contains="waits for your decision").count() == 1
    assert not Notice.objects.filter(person=cast.teo, link=parties.link(contract)).exists()
