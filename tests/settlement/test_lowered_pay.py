"""A salary typed too high waits for a sum the wallet never has, until whoever it is owed to lowers it."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core.errors import Conflict, Invalid, InvalidTransition
from core.models import AuditRecord
from microenterprises.models import Membership, Microenterprise
from people.models import Notice
from settlement import waiting
from settlement.actions import pay
from settlement.models import LoweredPay, Outcome, PayLine
from settlement.replay import replay
from settlement.sentences import trouble
from tests.settlement.world import Seat, amounts, earn, firm, member, nights, on, outcome, owed

pytestmark = pytest.mark.django_db
ONE = timedelta(days=1)
START = date(2026, 3, 1)
END = date(2026, 3, 31)


@pytest.fixture
def me() -> Microenterprise:
    """Tao's salary was typed with two zeros too many; the wallet holds 2,000.00 at the month's end."""
    found = firm(
        Seat("Lead", 1), Seat("Draws", 1, pay_minor=50_00), Seat("Tao", 1, "stable", 90_000_00, start=START),
        launched=START,
    )  # fmt: skip
    earn(found, 2_000_00, END)
    nights(END)
    return found


def lower(me: Microenterprise, minor: int, day: date, *, name: str = "Tao", reason: str = "Two zeros") -> LoweredPay:
    with on(day):
        return pay.lower(
            outcome=outcome(me, END).pk,
            membership=Membership.objects.get(microenterprise=me, person__name="Tao").pk,
            monthly_minor=minor,
            reason=reason,
            by=member(me, name),
        )


def is_sound(until: date) -> bool:
    call_command("check_books")
    return [*replay(START, until).named, *replay(until, until, from_stored=True).named] == []


def test_lowered_pay_is_paid_by_the_next_night_and_the_date_is_shared(me: Microenterprise) -> None:
    assert outcome(me, END).snag == "short_pay"
    assert "typed too high" in trouble(outcome(me, END), me.name).sentence
    nights(END + ONE)
    lower(me, 900_00, END + 2 * ONE)
    nights(END + 2 * ONE)
    assert (owed(me, "Tao"), owed(me, "Draws")) == (900_00, 50_00 + 275_00 - 50_00)
    line = PayLine.objects.get(person__name="Tao", month=START)
    assert (line.monthly_minor, line.amount_minor, line.night) == (900_00, 900_00, END + 2 * ONE)
    assert amounts(me, END) == [275_00, 275_00]
    assert not Outcome.objects.filter(state="exception", repaired_by=None).exists()
    assert waiting.of_person(member(me, "Tao")) == []
    assert is_sound(END + 2 * ONE)


def test_lowered_twice_the_lower_one_counts_and_nothing_is_nothing(me: Microenterprise) -> None:
    lower(me, 900_00, END + ONE)
    lower(me, 0, END + ONE)
    nights(END + ONE)
    assert not PayLine.objects.filter(person__name="Tao").exists()
    assert amounts(me, END) == [500_00, 500_00]
    assert is_sound(END + ONE)


def test_a_night_finds_only_what_was_lowered_until_its_date(me: Microenterprise) -> None:
    """The night of a date that is closed late does not take what was lowered after it."""
    with pytest.raises(Conflict, match="is being settled"):
        lower(me, 900_00, END + 3 * ONE)
    nights(END + 2 * ONE)
    lower(me, 900_00, END + 3 * ONE)
    assert outcome(me, END + 2 * ONE).snag == "pay_owed"
    with pytest.raises(IntegrityError, match="closed through"), transaction.atomic():
        LoweredPay.objects.update_or_create(
            outcome=outcome(me, END),
            membership=Membership.objects.get(person__name="Draws"),
            monthly_minor=1,
            lowered_on=END + 2 * ONE,
            lowered_at=LoweredPay.objects.get().lowered_at,
        )
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE settlement_loweredpay SET monthly_minor = 1")


@pytest.mark.parametrize("name", ["Lead", "Draws"])
def test_nobody_lowers_what_is_owed_to_somebody_else(me: Microenterprise, name: str) -> None:
    with pytest.raises(InvalidTransition, match="somebody else"):
        lower(me, 900_00, END + ONE, name=name)


@pytest.mark.parametrize(("minor", "reason"), [(90_000_00, "Same"), (90_000_01, "More"), (-1, "Below"), (1, "  ")])
def test_pay_is_lowered_with_a_reason_and_never_raised(me: Microenterprise, minor: int, reason: str) -> None:
    with pytest.raises(Invalid):
        lower(me, minor, END + ONE, reason=reason)


def test_what_was_paid_is_not_lowered(me: Microenterprise) -> None:
    earn(me, 100_000_00, END + ONE)
    nights(END + ONE)
    with pytest.raises(InvalidTransition, match="paid meanwhile"):
        lower(me, 900_00, END + 2 * ONE)


def test_the_pages_lead_from_the_statement_to_a_lowered_line(me: Microenterprise, client: Client) -> None:
    tao, lead = member(me, "Tao"), member(me, "Lead")
    [waits] = waiting.of_person(tao)
    path = f"/statements/waiting/{waits.outcome.pk}/{waits.wage.membership}/"
    with on(END + ONE):
        client.force_login(lead)
        assert client.get(path).status_code == client.post(path, {}).status_code == 404
        client.force_login(tao)
        assert "/statements/waiting/" in client.get("/statements/").content.decode()
        assert path in client.get("/statements/waiting/").content.decode()
        refused = client.post(path, {"monthly": "95000", "reason": "More"})
        assert (refused.status_code, "never raised" in refused.content.decode()) == (422, True)
        assert client.post(path, {"monthly": "900.00", "reason": "Two zeros"}).status_code == 303
        assert "Two zeros" in client.get("/statements/waiting/").content.decode()
    assert "lowered their pay of March 2026" in Notice.objects.get(person=lead).sentence
    record = AuditRecord.objects.get(deed="settlement.pay_lowered")
    assert (record.facts["from_minor"], record.facts["to_minor"]) == (90_000_00, 900_00)
    nights(END + ONE)
    line = PayLine.objects.get(person=tao)
    with on(END + 2 * ONE):
        shown = client.get(f"/statements/{line.pk}/").content.decode()
        assert "Two zeros" in shown
        assert "Nothing" not in shown
        assert "No pay of yours waits" in client.get("/statements/waiting/").content.decode()
