"""A busy month worked out again from the facts: nothing differs by itself, and everything tampered with is found.

The month is lived once for all tests of this file, which are taken back one by one.
"""

from collections.abc import Iterator
from datetime import date
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from ledger.models import Entry
from microenterprises.models import Microenterprise
from settlement import replay_facts
from settlement.models import Outcome, PayLine, ShareLine
from tests.settlement.replaying import DAY, FIRST, LAST, MONTH_END, busy, everything, run, tamper, triggers_off
from tests.settlement.world import member

pytestmark = pytest.mark.usefixtures("me")


@pytest.fixture(scope="module")
def month(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Microenterprise]:
    """The firm after its month, inside a transaction that ends with the module; tests roll back to it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield busy()
        transaction.set_rollback(True)


@pytest.fixture
def me(month: Microenterprise, db: None) -> Microenterprise:
    """The firm whose month is replayed."""
    return month


# --- Nothing differs by itself ----------------------------------------------------------------------------------------


def test_a_busy_month_works_out_again_to_the_last_unit(me: Microenterprise) -> None:
    tally = everything()
    assert tally.named == []
    own = Outcome.objects.filter(microenterprise=me)
    assert tally.outcomes == own.count()
    assert tally.share_lines == ShareLine.objects.count()
    assert tally.pay_lines == PayLine.objects.count()
    assert tally.entries == Entry.objects.filter(kind__in=("share", "pay", "draw")).count()
    assert own.filter(state="exception").exists()
    assert PayLine.objects.filter(kind="forgiven").exists()


def test_a_replay_of_some_dates_compares_those_only() -> None:
    tally = everything(LAST, LAST)
    assert (tally.differences, tally.outcomes) == (0, 1)


@pytest.mark.parametrize("since", [FIRST + n * DAY for n in range((LAST - FIRST).days + 1)])
def test_a_replay_may_start_from_any_stored_standing(since: date) -> None:
    assert everything(since, LAST, from_stored=True).named == []


def test_the_command_prints_how_much_it_compared() -> None:
    said = run("--from", FIRST.isoformat(), "--to", LAST.isoformat())
    assert "lines, 10 outcomes" in said
    assert "0 differences" in said


# --- What was tampered with is found ----------------------------------------------------------------------------------

TAMPERING = {
    "a share line": "UPDATE settlement_outcome"
    " SET member_minor[1] = member_minor[1] + 1, member_minor[2] = member_minor[2] - 1"
    " WHERE id = (SELECT id FROM settlement_outcome WHERE line_count > 1 AND member_minor[2] > 0"
    " ORDER BY night LIMIT 1)",
    "a carry": "UPDATE settlement_outcome SET member_carry_after_grain[1] = member_carry_after_grain[1] + 1"
    " WHERE id = (SELECT id FROM settlement_outcome WHERE line_count > 0 ORDER BY night, id LIMIT 1)",
    "a share line taken away": "UPDATE settlement_outcome SET member_numbers = trim_array(member_numbers, 1)"
    " WHERE id = (SELECT id FROM settlement_outcome WHERE line_count > 0 ORDER BY night DESC, id LIMIT 1)",
    "an outcome's profit": "UPDATE settlement_outcome SET profit_minor = profit_minor + 1"
    " WHERE id = (SELECT id FROM settlement_outcome ORDER BY night LIMIT 1)",
    "an outcome's pool": "UPDATE settlement_outcome SET due_fine = due_fine - 10000"
    " WHERE id = (SELECT id FROM settlement_outcome WHERE state = 'nothing' LIMIT 1)",
    "an outcome taken away": "DELETE FROM settlement_outcome"
    " WHERE id = (SELECT id FROM settlement_outcome WHERE state = 'nothing' LIMIT 1)",
    "a line of pay": "UPDATE settlement_payline SET amount_minor = amount_minor - 1 WHERE kind = 'stable'",
    "a line of pay taken away": "DELETE FROM settlement_payline WHERE kind = 'draw'",
    "a share in the books": "UPDATE ledger_nightlines SET amounts_minor = ARRAY("
    "SELECT l.minor + CASE a.kind WHEN 'payable' THEN 5 ELSE 0 END"
    " FROM unnest(account_ids, amounts_minor) WITH ORDINALITY AS l (id, minor, n)"
    " JOIN ledger_account a USING (id) ORDER BY n)"
    " WHERE entry_id = (SELECT min(id) FROM ledger_entry WHERE kind = 'share')",
    "who gets a share in the books": "UPDATE ledger_nightlines SET"
    " amounts_minor[2:3] = ARRAY[amounts_minor[3], amounts_minor[2]] WHERE amounts_minor[2] <> amounts_minor[3]"
    " AND entry_id IN (SELECT id FROM ledger_entry WHERE kind = 'share')",
    "a share in the books taken away": "DELETE FROM ledger_nightlines WHERE entry_id ="
    " (SELECT min(id) FROM ledger_entry WHERE kind = 'share')",
    "an entry of a night moved to another date": "UPDATE ledger_entry SET effective_date = effective_date - 1"
    " WHERE id = (SELECT min(id) FROM ledger_entry WHERE kind = 'share')",
    "a receipt": "UPDATE ledger_posting_day p SET amount_minor = amount_minor * 2 FROM ledger_entry e"
    " WHERE e.id = p.entry_id AND e.kind = 'money' AND e.id ="
    " (SELECT min(id) FROM ledger_entry WHERE kind = 'money')",
    "a weight": "UPDATE microenterprises_membership SET weight = weight + 1 WHERE weight = 7",
    "a salary": "UPDATE microenterprises_membership SET pay_minor = pay_minor + 100 WHERE track = 'stable'",
    "a day of joining": "UPDATE microenterprises_membership SET started_on = '2026-04-01' WHERE weight = 3",
    "a tier": "UPDATE microenterprises_shareterms SET tiers = '[[100000, 3001], [null, 4500]]' WHERE version = 1",
    "a threshold": "UPDATE microenterprises_shareterms SET threshold_minor = 1 WHERE version = 2",
    "the date of terms": "UPDATE microenterprises_shareterms SET effective_from = effective_from + 1 WHERE version = 2",
    "the hash of a run": "UPDATE settlement_settlementrun SET lines_sha256 = repeat('0', 64)"
    " WHERE business_date = '2026-04-02'",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(what: str) -> None:
    assert everything().differences == 0
    tamper(TAMPERING[what])
    tally = everything()
    assert tally.differences > 0, what
    assert tally.named


def test_a_line_that_was_added_is_found(me: Microenterprise) -> None:
    with triggers_off():
        PayLine.objects.create(
            microenterprise=me,
            membership=me.memberships.get(number=min(me.memberships.values_list("number", flat=True))),
            person=member(me, "Leads"),
            kind="stable",
            month=date(2026, 4, 1),
            business_date=LAST,
            night=LAST,
            currency="CNY",
            amount_minor=5,
            entry_reference="pay:none",
        )
    assert [each.stored for each in everything().named if each.what.startswith("stable")] == [5]


def test_an_entry_of_a_night_that_does_not_follow_from_the_facts_is_found(me: Microenterprise) -> None:
    entry = Entry.objects.filter(kind="share").latest("id")
    with triggers_off():
        entry.pk, entry.reference = None, f"share:{me.pk}:{uuid4()}"
        entry.save()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO ledger_nightlines SELECT %s, entity_id, business_date, account_ids, amounts_minor"
                " FROM ledger_nightlines"
                " WHERE entry_id = (SELECT max(id) FROM ledger_entry WHERE kind = 'share' AND id <> %s)",
                [entry.pk, entry.pk],
            )
    assert [each.recomputed for each in everything().named] == ["none"]


def test_the_command_names_the_first_differences_and_ends_with_1(
    me: Microenterprise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_facts, "NAMED", 2)
    tamper(TAMPERING["a weight"])
    out = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("replay_settlement", "--from", FIRST.isoformat(), "--to", LAST.isoformat(), stdout=out)
    assert failure.value.returncode == 1
    said = out.getvalue()
    assert f"{me.name}, 2026-03-29, outcome weights_sum: stored 12, worked out again 13" in said
    assert "more differences" in said


def test_a_replay_from_a_stored_standing_trusts_what_came_before() -> None:
    tamper(TAMPERING["an outcome's profit"])
    assert everything().differences > 0
    assert everything(LAST, LAST, from_stored=True).differences == 0


# --- Dates and sentences ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--from", "2026-03-29"), "first and the last date"),
        (("--from", "yesterday", "--to", "2026-03-30"), "“yesterday” is not a date"),
        (("--from", "2026-03-30", "--to", "2026-03-29"), "after the last one"),
        (("--from", "2026-03-30", "--to", "2026-05-29"), "29 May 2026 is not settled yet"),
        (("--from", "2020-03-30", "--to", "2020-05-29"), "Nothing was settled up to 29 May 2020"),
        (("--explain", "nobody@haier.example", "2026-03-29"), "Nobody has the e-mail address"),
        (("--explain", "nobody@haier.example", "29.3."), "“29.3.” is not a date"),
        (("--explain", "x", "2026-03-29", "--to", "2026-03-29"), "either --explain or"),
    ],
)
def test_what_cannot_be_replayed_is_said(args: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*args)


# --- Told as text -----------------------------------------------------------------------------------------------------


def test_a_line_is_told_with_facts_tiers_due_shared_weight_carry_and_what_is_payable(me: Microenterprise) -> None:
    draws = member(me, "Draws")
    said = " ".join(run("--explain", draws.email.upper(), (FIRST + DAY).isoformat()).split())
    for words in (
        f"Share of the profit of {me.name}: CN¥0.11",
        "Facts counted on this date",
        "late: it holds for 29 Mar 2026 and counts on 30 Mar 2026, when it was posted",
        "reference test:",
        "Profit of the fiscal year after this date",
        "45% of what is more than CN¥1,000.00 above it",
        "Share terms version 1.",
        "Due in this fiscal year",
        "Already shared in this fiscal year",
        "3 of 12",
        "Carried from earlier shares",
        "Pays back a draw",
        "Newly payable",
        "3 lines compared, 0 differences",
    ):
        assert words in said, words


def test_pay_a_draw_and_a_repaired_date_are_told(me: Microenterprise) -> None:
    said = run("--explain", str(member(me, "Salaried").pk), MONTH_END.isoformat())
    assert f"Stable pay, {me.name}: CN¥900.00" in said
    assert "A full month" in said
    said = run("--explain", member(me, "Leads").email, MONTH_END.isoformat())
    assert "which could not be settled then; posted on the night of 1 Apr 2026" in said
    assert "Stable pay of the month" in said
    assert "0 differences" in said


def test_a_member_without_a_line_is_told_why(me: Microenterprise) -> None:
    said = run("--explain", member(me, "Leads").email, LAST.isoformat())
    assert f"{me.name}: nothing on this date" in said
    assert "Nothing new was due" in said
    said = run("--explain", member(me, "Salaried").email, FIRST.isoformat())
    assert "carried no share weight" in said


def test_somebody_who_was_no_member_is_told_so(me: Microenterprise) -> None:
    said = run("--explain", member(me, "Leaves").email, LAST.isoformat())
    assert "has no line on this date and was no member of a microenterprise then" in said
