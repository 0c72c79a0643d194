"""Working settled nights out again from the facts: nothing differs by itself, and everything tampered with is found."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from core.clock import company_zone
from core.models import Parameter
from ledger.models import Entry
from ledger.writer import reverse
from microenterprises.models import Microenterprise
from settlement import replay_facts
from settlement.actions.nights import settle_finally, start_run, work_on_run
from settlement.models import Outcome, PayLine, ShareLine
from settlement.replay import Tally, replay
from talent_pool.actions import liquidation
from tests.settlement.world import (
    Seat,
    agree,
    earn,
    firm,
    free,
    invest,
    lock_up,
    member,
    nights,
    on,
    outcome,
    spend,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FIRST = date(2026, 3, 29)
MONTH_END = date(2026, 3, 31)
LAST = date(2026, 4, 6)


def busy() -> Microenterprise:
    """A firm with a salary, a draw, a leaver, a loss, a short wallet and its repair, and a reversed share."""
    me = firm(
        Seat("Leads", 7),
        Seat("Draws", 3, pay_minor=400_00),
        Seat("Salaried", 1, "stable", 900_00),
        Seat("Leaves", 2, pay_minor=100_00, end=date(2026, 4, 2)),
        launched=FIRST,
        tiers=[[1_000_00, 3000], [None, 4500]],
    )
    earn(me, 3_333_33, FIRST)
    earn(me, 1_00, FIRST + DAY, effective=FIRST)
    nights(FIRST + DAY)
    earn(me, 2_000_01, MONTH_END)
    lock_up(me, 3_000_00, MONTH_END)
    nights(MONTH_END)
    free(me, 3_000_00, MONTH_END + DAY)
    spend(me, 500_07, MONTH_END + DAY)
    nights(MONTH_END + 2 * DAY)
    shared = Entry.objects.get(reference=outcome(me, FIRST).entry_reference)
    with on(MONTH_END + 3 * DAY):
        reverse(shared, reference="test:reversal", memo="Wrong", by="test")
    nights(MONTH_END + 3 * DAY)
    agree(me, [[None, 2500]], effective_from=MONTH_END + 4 * DAY)
    earn(me, 777_77, MONTH_END + 4 * DAY)
    nights(LAST)
    return me


def everything(since: date = FIRST, until: date = LAST, *, from_stored: bool = False) -> Tally:
    return replay(since, until, from_stored=from_stored)


TABLES = (
    "settlement_outcome", "settlement_payline", "settlement_handedon", "settlement_settlementrun", "ledger_entry",
    "ledger_posting_day", "ledger_nightlines", "microenterprises_membership", "microenterprises_shareterms",
)  # fmt: skip


@contextmanager
def triggers_off() -> Iterator[None]:
    """As somebody who may switch the guards off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tamper(sql: str, *values: Any) -> None:
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        assert cursor.rowcount > 0


def run(*args: str) -> str:
    out = StringIO()
    call_command("replay_settlement", *args, stdout=out, stderr=StringIO())
    return out.getvalue()


# --- Nothing differs by itself ----------------------------------------------------------------------------------------


def test_a_busy_month_works_out_again_to_the_last_unit() -> None:
    me = busy()
    tally = everything()
    assert tally.named == []
    own = Outcome.objects.filter(microenterprise=me)
    assert tally.outcomes == own.count()
    assert tally.share_lines == ShareLine.objects.count()
    assert tally.pay_lines == PayLine.objects.count()
    assert tally.entries == Entry.objects.filter(kind__in=("share", "pay", "draw")).count()
    assert own.filter(state="exception").exists()
    assert PayLine.objects.filter(kind="forgiven").exists()


def test_a_leavers_advances_taken_over_twice_in_a_month_work_out_again() -> None:
    me = firm(Seat("Leads"), Seat("Left", 1, pay_minor=300_00, end=LAST), launched=FIRST)
    invest(me, 1_000_00, FIRST)
    nights(date(2026, 4, 30))
    assert PayLine.objects.filter(kind="forgiven", month=date(2026, 4, 1)).count() == 2
    tally = replay(FIRST, date(2026, 4, 30))
    assert tally.named == []
    assert tally.pay_lines == PayLine.objects.count()


def test_a_replay_of_some_dates_compares_those_only() -> None:
    busy()
    tally = everything(LAST, LAST)
    assert (tally.differences, tally.outcomes) == (0, 1)


@pytest.mark.parametrize("since", [FIRST + n * DAY for n in range((LAST - FIRST).days + 1)])
def test_a_replay_may_start_from_any_stored_standing(since: date) -> None:
    busy()
    assert everything(since, LAST, from_stored=True).named == []


def test_the_command_prints_how_much_it_compared() -> None:
    busy()
    said = run("--from", FIRST.isoformat(), "--to", LAST.isoformat())
    assert "lines, 10 outcomes" in said
    assert "0 differences" in said


def test_a_closed_year_works_out_again_with_late_shares_and_carried_losses() -> None:
    last = date(2026, 12, 31)
    late = firm(Seat("Leads"), Seat("Other", 2), launched=last - DAY, owners={"reserve": 3333, "platform": 6667})
    losing = firm(Seat("Leads"), launched=last - DAY, carries_losses=True, owners={"co-investors": 10_000})
    earn(late, 1_000_01, last)
    lock_up(late, 900_00, last)
    invest(losing, 1_000_00, last)
    spend(losing, 400_00, last)
    nights(last + DAY)
    free(late, 900_00, last + 2 * DAY)
    earn(late, 50_00, last + 2 * DAY)
    earn(losing, 700_00, last + 2 * DAY)
    nights(last + 4 * DAY)
    for from_stored in (False, True):
        tally = everything(last, last + 4 * DAY, from_stored=from_stored)
        assert tally.named == []
    assert Entry.objects.filter(kind="year_close").count() == 2
    tamper(
        "UPDATE ledger_posting_day SET amount_minor = amount_minor + 1 WHERE line = 2"
        " AND entry_id = (SELECT min(id) FROM ledger_entry WHERE kind = 'year_close')"
    )
    assert everything(last, last + 4 * DAY).differences == 1


def test_a_final_settlement_and_an_earlier_one_of_the_same_date_work_out_again() -> None:
    me = firm(
        Seat("Leads"), Seat("Draws", 2, pay_minor=9_000_00), Seat("Salaried", 1, "stable", 3_000_00), launched=FIRST
    )
    other = firm(Seat("Stays"), launched=FIRST)
    earn(me, 10_000_00, FIRST)
    earn(other, 5_00, FIRST)
    nights(FIRST)
    earn(me, 77_00, FIRST + DAY)
    with on(FIRST + DAY, 13):
        settle_finally(microenterprise=me, by=me.launched_by)
        liquidation.hand_on(microenterprise=me, by=me.launched_by)
    moment = datetime.combine(FIRST + DAY, time(13), company_zone())
    Microenterprise.objects.filter(pk=me.pk).update(status="dissolved", dissolved_at=moment)
    me.memberships.update(ended_on=FIRST + DAY)
    nights(FIRST + 3 * DAY)
    assert everything(FIRST, FIRST + 3 * DAY).named == []


def test_what_was_posted_while_the_night_worked_is_looked_for() -> None:
    """The wallet is seen as it stood between the start and the seal of the run: here right after midnight."""
    me = firm(Seat("Leads"), launched=FIRST)
    earn(me, 1_000_00, FIRST)
    lock_up(me, 900_00, FIRST)
    with on(FIRST + DAY, 0):
        night = start_run(business_date=FIRST, by=None)
        free(me, 900_00, None)
        work_on_run(night)
        lock_up(me, 500_00, None)
    assert outcome(me, FIRST).shared_minor == 500_00
    nights(FIRST + DAY)
    assert everything(FIRST, FIRST + DAY).named == []


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
    busy()
    assert everything().differences == 0
    tamper(TAMPERING[what])
    tally = everything()
    assert tally.differences > 0, what
    assert tally.named


def test_a_line_that_was_added_is_found() -> None:
    me = busy()
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


def test_an_entry_of_a_night_that_does_not_follow_from_the_facts_is_found() -> None:
    me = busy()
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


def test_the_command_names_the_first_differences_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    me = busy()
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
    busy()
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
    busy()
    with pytest.raises(CommandError, match=sentence):
        run(*args)


# --- Told as text -----------------------------------------------------------------------------------------------------


def test_a_line_is_told_with_facts_tiers_due_shared_weight_carry_and_what_is_payable() -> None:
    me = busy()
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


def test_pay_a_draw_and_a_repaired_date_are_told() -> None:
    me = busy()
    said = run("--explain", str(member(me, "Salaried").pk), MONTH_END.isoformat())
    assert f"Stable pay, {me.name}: CN¥900.00" in said
    assert "A full month" in said
    said = run("--explain", member(me, "Leads").email, MONTH_END.isoformat())
    assert "which could not be settled then; posted on the night of 1 Apr 2026" in said
    assert "Stable pay of the month" in said
    assert "0 differences" in said


def test_a_member_without_a_line_is_told_why() -> None:
    me = busy()
    said = run("--explain", member(me, "Leads").email, LAST.isoformat())
    assert f"{me.name}: nothing on this date" in said
    assert "Nothing new was due" in said
    said = run("--explain", member(me, "Salaried").email, FIRST.isoformat())
    assert "carried no share weight" in said


def test_somebody_who_was_no_member_is_told_so() -> None:
    me = busy()
    said = run("--explain", member(me, "Leaves").email, LAST.isoformat())
    assert "has no line on this date and was no member of a microenterprise then" in said


def test_the_fiscal_year_is_a_dated_parameter_of_the_replay_too() -> None:
    Parameter.objects.create(name="fiscal_year_first_month", holds_from=date(2026, 1, 1), value=4)
    busy()
    assert everything().named == []
    assert Entry.objects.filter(kind="year_close", effective_date=MONTH_END).count() == 1
