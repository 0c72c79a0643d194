"""One acceptance, one payment, one activation, however many people click at once: real threads, real commits."""

from datetime import timedelta

from contracts.actions import contracts, drafting, milestones, parties
from contracts.models import Contract, Milestone
from core import clock
from core.clock import market_now
from core.errors import DomainError
from ledger.accounts import Kind
from ledger.queries import balance, entries_about
from tests.cast import Cast
from tests.contracts import scenes
from tests.threads import together

THREADS = 20


def winners(outcomes: list[object]) -> int:
    """How many did it; everybody else was refused with a sentence."""
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert all(isinstance(error, DomainError) and str(error) for error in refused), refused
    return len(outcomes) - len(refused)


def test_twenty_people_accept_the_same_milestone_and_it_is_paid_once(cloned_db: str, cast: Cast) -> None:
    contract = scenes.delivered(cast, parts=scenes.in_two_parts())
    waiting = scenes.milestone(contract)
    before = balance(cast.cold_chain.entity_id, Kind.WALLET)
    outcomes = together(THREADS, lambda _n: milestones.accept(milestone=waiting, by=cast.noor))
    assert winners(list(outcomes)) == 1
    assert balance(cast.cold_chain.entity_id, Kind.WALLET) == before + waiting.amount_minor
    assert [row.kind for row in entries_about(parties.subject(contract))].count("milestone_accepted") == 1


def test_accepting_rejecting_a_part_and_silence_at_once_decide_once(cloned_db: str, cast: Cast) -> None:
    contract = scenes.delivered(cast)
    waiting = scenes.milestone(contract)
    clock.move_forward(timedelta(days=15))
    deeds = (
        lambda: milestones.accept(milestone=waiting, by=cast.noor),
        lambda: milestones.accept_part(milestone=waiting, amount_minor=1, reason="One cent.", by=cast.noor),
        lambda: milestones.reject(milestone=waiting, reason="No.", by=cast.noor),
        lambda: (
            milestones.accept_silent(market_now()) or contracts.sign(contract=contract, sha256_seen="", by=cast.lin)
        ),
    )
    outcomes = together(12, lambda n: deeds[n % 4]())
    assert winners(list(outcomes)) == 1
    row = Milestone.objects.get(pk=waiting.pk)
    paid = balance(cast.cold_chain.entity_id, Kind.INCOME_INSIDE)
    assert paid == (row.accepted_minor or 0)
    assert balance(cast.blue_kettle.entity_id, Kind.ESCROW) == (scenes.PRICE if row.status == "rejected" else 0)


def test_both_leaders_sign_ten_times_at_once_and_the_money_moves_once(cloned_db: str, cast: Cast) -> None:
    contract = scenes.awarded(cast)
    seen = scenes.digest(contract)
    leaders = (cast.lin, cast.amara)
    outcomes = together(THREADS, lambda n: contracts.sign(contract=contract, sha256_seen=seen, by=leaders[n % 2]))
    assert winners(list(outcomes)) == 2
    assert Contract.objects.get().status == Contract.Status.ACTIVE
    assert balance(cast.blue_kettle.entity_id, Kind.ESCROW) == scenes.PRICE
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == 0


def test_signing_and_changing_at_once_never_signs_words_nobody_saw(cloned_db: str, cast: Cast) -> None:
    contract = scenes.awarded(cast)
    seen = scenes.digest(contract)
    parts = scenes.in_two_parts()

    def act(n: int) -> object:
        if n == 0:
            return drafting.propose_version(contract=contract, milestones=parts, note="Two.", by=cast.amara)
        return contracts.sign(contract=contract, sha256_seen=seen, by=cast.lin)

    together(2, act)
    newest, first = contract.versions.order_by("-number")
    assert not newest.signatures.exists()
    assert all(signature.sha256_seen == first.sha256 for signature in first.signatures.all())
