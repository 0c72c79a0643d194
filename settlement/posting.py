"""Writing down what the nights of many MEs brought: entries in the books, outcomes, lines. All in bulk, all or nothing.

Which accounts a pay, a draw and a share move is told here (docs/money.md); what is due to whom was decided in
`settlement.night`. Everything carries a natural key, so that a repeat finds it instead of posting it twice.
"""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from core.ids import new_id
from ledger import writer
from ledger.accounts import Kind
from ledger.writer import Draft, Line, credit, debit
from settlement.bulk import copy_rows
from settlement.calculation import month_of
from settlement.facts import Subject, frozen
from settlement.models import Outcome, PayLine, share_reference
from settlement.night import FirmNight, Payroll, State, Verdict


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch left behind."""

    outcomes: Sequence[Outcome]
    share_lines: int
    pay_lines: int


def write(answers: Sequence[tuple[Subject, FirmNight]], *, day: date, by: str, night: date | None) -> Written:
    """Post and store the nights of a batch of MEs inside the caller's transaction.

    night: the closed date that is being settled; None posts on the open date (the final settlement of an ME).
    Raises what `ledger.writer.post` raises, InsufficientFunds above all when a wallet shrank meanwhile.
    """
    drafts = [draft for subject, answer in answers for draft in _drafts(subject, answer, day)]
    if drafts:
        writer.post(drafts, by=by, night=night)
    outcomes: list[Outcome] = []
    pays: list[PayLine] = []
    for subject, answer in answers:
        _outcomes(subject, answer, day, outcomes)
        pays.extend(_pay_lines(subject, answer, day))
    copy_rows(outcomes)
    copy_rows(pays)
    return Written(outcomes, sum(row.line_count for row in outcomes), len(pays))


# --- Entries ----------------------------------------------------------------------------------------------------------


def _drafts(subject: Subject, answer: FirmNight, day: date) -> Iterator[Draft]:
    for payroll in answer.payrolls:
        yield from _payroll(subject, payroll)
    for person, minor in answer.written_off:
        yield _forgiven(subject, person, minor, day)
    for verdict in answer.verdicts:
        if verdict.state is State.SETTLED:
            yield _share(subject, verdict)


def _payroll(subject: Subject, payroll: Payroll) -> Iterator[Draft]:
    """Stable pay is a cost, a draw an advance; both set aside what the person is now owed."""
    entity, unfunded = subject.entity_id, payroll.unfunded_minor
    for kind, is_draw in (("draw", True), ("pay", False)):
        wages = [wage for wage in payroll.wages if wage.is_draw is is_draw]
        total = sum(wage.amount_minor for wage in wages)
        if not total:
            continue
        short = min(unfunded, total)
        unfunded -= short
        lines = [credit(entity, Kind.PAYABLE, wage.amount_minor, _party(wage.person)) for wage in wages]
        lines += _set_aside(entity, total - short)
        if is_draw:
            lines += [debit(entity, Kind.ADVANCE, wage.amount_minor, _party(wage.person)) for wage in wages]
        else:
            lines.append(debit(entity, Kind.EXPENSE_PAY, total))
        yield Draft(
            reference=pay_reference(kind, subject.firm.id, payroll.day),
            kind=kind,
            lines=tuple(lines),
            subject=_subject(subject),
            memo=f"{'Draws' if is_draw else 'Stable pay'} of {payroll.day:%Y-%m}",
            effective_date=payroll.day,
        )


def _forgiven(subject: Subject, person: UUID, minor: int, day: date) -> Draft:
    entity = subject.entity_id
    return Draft(
        reference=forgiven_reference(subject.firm.id, person, day),
        kind="pay",
        lines=(debit(entity, Kind.EXPENSE_PAY, minor), credit(entity, Kind.ADVANCE, minor, _party(person))),
        subject=_subject(subject),
        memo="Advance of a member who left",
        effective_date=day,
    )


def _share(subject: Subject, verdict: Verdict) -> Draft:
    """Profit shared, less the advances it recovers; only what is newly payable leaves the wallet."""
    entity = subject.entity_id
    lines = [debit(entity, Kind.PROFIT_SHARED, verdict.pool_minor)]
    lines += _set_aside(entity, sum(line.payable_minor for line in verdict.lines))
    for line in verdict.lines:
        if line.payable_minor:
            lines.append(credit(entity, Kind.PAYABLE, line.payable_minor, _party(line.person)))
        if line.recovered_minor:
            lines.append(credit(entity, Kind.ADVANCE, line.recovered_minor, _party(line.person)))
    return Draft(
        reference=share_reference(subject.firm.id, verdict.day),
        kind="share",
        lines=tuple(lines),
        subject=_subject(subject),
        memo=share_memo(verdict.day),
        effective_date=verdict.day,
    )


def _set_aside(entity: int, minor: int) -> list[Line]:
    return [debit(entity, Kind.SET_ASIDE, minor), credit(entity, Kind.WALLET, minor)] if minor else []


def _party(person: UUID) -> str:
    return f"person:{person}"


def _subject(subject: Subject) -> str:
    return f"microenterprise:{subject.firm.id}"


def share_memo(day: date) -> str:
    """What readers of the books see of a night's share."""
    return f"Share of {day.isoformat()}"


def pay_reference(kind: str, microenterprise: UUID, day: date) -> str:
    """The natural key of a month's pay or draws of an ME."""
    return f"{kind}:{microenterprise}:{day.isoformat()}:0"


def forgiven_reference(microenterprise: UUID, person: UUID, day: date) -> str:
    """The natural key of an advance that became a cost."""
    return f"forgiven:{microenterprise}:{person}:{day.isoformat()}"


# --- Outcomes and lines -----------------------------------------------------------------------------------------------


def _outcomes(subject: Subject, answer: FirmNight, day: date, outcomes: list[Outcome]) -> None:
    carries_at = subject.carries_at
    for verdict in answer.verdicts:
        row = _outcome(subject, answer, verdict, day)
        if verdict.lines:
            carries_at = row.pk
        row.carries_at_id = carries_at
        outcomes.append(row)


def _outcome(subject: Subject, answer: FirmNight, verdict: Verdict, day: date) -> Outcome:
    firm, settled = subject.firm, verdict.state is State.SETTLED
    shared = verdict.pool_minor if settled else 0
    row = Outcome(
        id=new_id(),
        microenterprise_id=firm.id,
        night=day,
        business_date=verdict.day,
        repairs_id=verdict.of,
        is_final=firm.is_final and verdict.of is None,
        state=verdict.state.value,
        snag=verdict.snag.value if verdict.snag else "",
        currency=subject.currency,
        fiscal_year=subject.exceptions[verdict.of].fiscal_year if verdict.of else firm.year,
        share_terms_id=subject.late_terms[verdict.of] if verdict.of else subject.terms_id,
        profit_before_minor=verdict.profit_before_minor,
        profit_minor=verdict.standing.profit_minor,
        due_before_fine=verdict.due_before_fine,
        due_fine=verdict.standing.due_fine,
        already_shared_minor=verdict.standing.shared_minor - shared,
        pool_minor=verdict.pool_minor,
        shared_minor=shared,
        needed_minor=verdict.needed_minor,
        wallet_minor=verdict.wallet_minor,
        recovered_minor=sum(line.recovered_minor for line in verdict.lines),
        payable_minor=sum(line.payable_minor for line in verdict.lines),
        weights_sum=verdict.weights_sum,
        line_count=verdict.line_count,
        entry_reference=share_reference(firm.id, verdict.day) if settled else "",
        facts_sha256=subject.sha256,
        **_parts(verdict),
    )
    if verdict is answer.own:
        _add_night_totals(row, answer)
    if verdict.state is State.EXCEPTION:
        was_paid = any(payroll.day == day for payroll in answer.payrolls)
        row.frozen = frozen(firm.members, () if was_paid else firm.wages)
    return row


def _parts(verdict: Verdict) -> dict[str, list[int]]:
    parts = [line.part for line in verdict.lines]
    return {
        "member_numbers": [part.key for part in parts],
        "member_weights": [part.weight for part in parts],
        "member_minor": [part.amount_minor for part in parts],
        "member_recovered_minor": _unless_nothing([line.recovered_minor for line in verdict.lines]),
        "member_inherited_grain": _unless_nothing([part.inherited_grain for part in parts]),
        "member_carry_before_grain": [part.carry_before_grain for part in parts],
        "member_carry_after_grain": [part.carry_after_grain for part in parts],
    }


def _unless_nothing(values: list[int]) -> list[int]:
    """A list of nothing but zeros is not stored."""
    return values if any(values) else []


def _add_night_totals(row: Outcome, answer: FirmNight) -> None:
    """Pay, draws and written-off advances of the whole night stand in the night's own outcome."""
    wages = [wage for payroll in answer.payrolls for wage in payroll.wages]
    row.pay_minor = sum(wage.amount_minor for wage in wages if not wage.is_draw)
    row.draws_minor = sum(wage.amount_minor for wage in wages if wage.is_draw)
    row.written_off_minor = sum(minor for _person, minor in answer.written_off)


def _pay_lines(subject: Subject, answer: FirmNight, day: date) -> Iterator[PayLine]:
    firm = subject.firm
    for payroll in answer.payrolls:
        month, _next = month_of(payroll.day)
        for wage in payroll.wages:
            kind = PayLine.Kind.DRAW if wage.is_draw else PayLine.Kind.STABLE
            yield _pay_line(
                subject,
                membership_id=wage.membership,
                person_id=wage.person,
                kind=kind,
                month=month,
                business_date=payroll.day,
                night=day,
                days=wage.days,
                days_in_month=calendar.monthrange(month.year, month.month)[1],
                monthly_minor=wage.monthly_minor,
                amount_minor=wage.amount_minor,
                entry_reference=pay_reference("draw" if wage.is_draw else "pay", firm.id, payroll.day),
            )
    for person, minor in answer.written_off:
        yield _pay_line(
            subject,
            membership_id=subject.memberships[person],
            person_id=person,
            kind=PayLine.Kind.FORGIVEN,
            month=month_of(day)[0],
            business_date=day,
            night=day,
            amount_minor=minor,
            entry_reference=forgiven_reference(firm.id, person, day),
        )


def _pay_line(subject: Subject, **facts: Any) -> PayLine:
    return PayLine(id=new_id(), microenterprise_id=subject.firm.id, currency=subject.currency, **facts)
