"""By SQL, in the role that serves a company: a sealed run and a sent payout stay what they were."""

import pytest
from django.db import DatabaseError, connection, transaction

from settlement.actions import payouts
from tests.databases import as_application
from tests.settlement.paying import DAY, payment_to, sent, shared
from tests.settlement.world import Seat, earn, firm, nights, person

pytestmark = pytest.mark.django_db


def refused(sql: str, *values: str) -> bool:
    """Whether the database refuses it; there is something that it would change."""
    with as_application():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql, values)
                assert cursor.rowcount, "nothing to change"
        except DatabaseError:
            return True
    return False


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE settlement_settlementrun SET lines_sha256 = repeat('0', 64)",
        "UPDATE settlement_settlementrun SET totals = '{}'",
        "UPDATE settlement_settlementrun SET lines = lines + 1",
        "UPDATE settlement_settlementrun SET started_by_id = (SELECT id FROM people_user LIMIT 1)",
        "UPDATE settlement_settlementrun SET business_date = business_date - 1",
        "UPDATE settlement_settlementrun SET status = 'paid'",
        "UPDATE settlement_settlementrun SET status = 'posting', sealed_at = NULL",
        "DELETE FROM settlement_runshard",
        "DELETE FROM settlement_settlementrun",
    ],
)
def test_a_sealed_run_stays(sql: str) -> None:
    earn(firm(Seat("Amara"), launched=DAY), 100_00, DAY)
    nights(DAY)
    assert refused(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE settlement_payoutbatch SET created_by_id = (SELECT id FROM people_user WHERE name = 'Fred')",
        "UPDATE settlement_payoutbatch SET total_minor = 1",
        "UPDATE settlement_payoutbatch SET payments_sha256 = repeat('0', 64)",
        "UPDATE settlement_payoutbatch SET status = 'draft'",
        "UPDATE settlement_payoutbatch SET status = 'cancelled'",
    ],
)
def test_a_sent_batch_stays(sql: str) -> None:
    shared(Seat("Amara"))
    person("Fred", "finance")
    sent(person("Fay", "finance"))
    assert refused(sql)


def test_a_rejected_payment_does_not_go_again() -> None:
    shared(Seat("Amara"))
    fay = person("Fay", "finance")
    batch = sent(fay)
    payouts.reject(payment=payment_to("Amara", batch), reason="Account closed", by=fay)
    back = "reason = '', rejected_at = NULL, rejected_by_id = NULL"
    for status in ("planned", "sent", "confirmed", "cancelled"):
        assert refused(f"UPDATE settlement_payment SET status = %s, {back}", status)
