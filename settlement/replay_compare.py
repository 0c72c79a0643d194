"""Comparing what a replay works out for one ME with what is stored and posted of its nights.

What a night posts is told here a second time on purpose (docs/money.md): a replay that asked `settlement.posting` would
agree with its mistakes. What differs is named in the reader's language; figures go by the names of their columns.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from hashlib import md5
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from ledger import by_date
from ledger.accounts import Kind
from ledger.by_date import Account
from microenterprises.models import Microenterprise
from settlement.calculation import (
    is_month_end,
    month_of,
)
from settlement.facts import fingerprint, frozen
from settlement.models import ShareLine, share_reference
from settlement.night import Firm, FirmNight, Line, Payroll, State, Verdict, Wage
from settlement.posting import forgiven_reference, pay_reference
from settlement.replay_facts import OUTCOME, PAY, SHARE, Facts, PayKey, Stored, Tally, pay_key

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

ONE_DAY: Final = timedelta(days=1)
OUTCOME_NAME: Final = pgettext_lazy("of an ME on a night", "outcome")
THERE: Final = gettext_lazy("there")
MISSING: Final = gettext_lazy("missing")
NONE: Final = gettext_lazy("none")
PAY_NAMES: Final[Mapping[object, "StrPromise"]] = {
    "stable": gettext_lazy("stable pay of membership %(membership)s"),
    "draw": gettext_lazy("draw of membership %(membership)s"),
    "forgiven": gettext_lazy("advance taken over, of membership %(membership)s"),
}


class Compared:
    """The comparison of one ME, and what it expects to find; everything else that is stored is too much."""

    def __init__(self, row: Microenterprise, facts: Facts, tally: Tally, since: date) -> None:
        self.row, self.facts, self.tally, self.since = row, facts, tally, since
        self.expected: set[object] = set()

    def outcome(
        self,
        firm: Firm,
        answer: FirmNight,
        verdict: Verdict,
        *,
        year: date,
        terms: UUID | None,
        carries_at: UUID | None,
    ) -> tuple[object, ...]:
        """What must be stored of a verdict, in the order of `OUTCOME`."""
        is_own = verdict.of is None
        shared = verdict.pool_minor if verdict.state is State.SETTLED else 0
        wages = [wage for payroll in answer.payrolls for wage in payroll.wages] if is_own else []
        return (
            firm.is_final and is_own,
            verdict.state.value,
            verdict.snag.value if verdict.snag else "",
            self.row.currency,
            year,
            terms,
            verdict.profit_before_minor,
            verdict.standing.profit_minor,
            verdict.due_before_fine,
            verdict.standing.due_fine,
            verdict.standing.shared_minor - shared,
            verdict.pool_minor,
            shared,
            verdict.needed_minor,
            verdict.wallet_minor,
            sum(line.recovered_minor for line in verdict.lines),
            sum(line.payable_minor for line in verdict.lines),
            sum(wage.amount_minor for wage in wages if not wage.is_draw),
            sum(wage.amount_minor for wage in wages if wage.is_draw),
            sum(minor for _person, minor in answer.written_off) if is_own else 0,
            verdict.weights_sum,
            verdict.line_count,
            carries_at,
            share_reference(firm.id, verdict.day) if shared else "",
            fingerprint(firm),
            frozen(firm.members, unpaid(firm, answer)) if verdict.state is State.EXCEPTION else None,
        )

    def compare_postings(self, firm: Firm, answer: FirmNight) -> None:
        """The entries of a night in the books, and the lines of pay."""
        for verdict in answer.verdicts:
            if verdict.state is State.SETTLED:
                reference = share_reference(self.row.pk, verdict.day)
                self.compare_entry(reference, "share", firm.day, verdict.day, share_sums(verdict))
        for payroll in answer.payrolls:
            self.compare_payroll(payroll, firm.day)
        for person, minor in answer.written_off:
            self.compare_written_off(person, minor, firm)

    def compare_outcome(self, stored: Stored, recomputed: tuple[object, ...]) -> None:
        if stored.values != recomputed:
            self.compare_values(str(OUTCOME_NAME), stored.day, OUTCOME, stored.values, recomputed)

    def compare_values(
        self, what: str, day: date, names: Sequence[str], stored: Sequence[object], recomputed: Sequence[object]
    ) -> None:
        for name, one, other in zip(names, stored, recomputed, strict=True):
            if one != other:
                self.differs(day, _("%(what)s %(figure)s") % {"what": what, "figure": name}, one, other)

    def compare_shares(self, stored: Stored, verdict: Verdict, night: date) -> None:
        self.tally.share_lines += len(verdict.lines)
        rows = {line.membership: self._share_row(line, verdict, night) for line in verdict.lines}
        text = "\n".join(f"{pk},{','.join(map(str, rows[pk]))}" for pk in sorted(rows))
        digest = md5(text.encode(), usedforsecurity=False).hexdigest() if rows else ""
        if (stored.lines, stored.digest) == (len(rows), digest):
            return
        found = {
            pk: tuple(values)
            for pk, *values in ShareLine.objects.filter(outcome=stored.pk).values_list("membership_id", *SHARE)
        }
        for pk in sorted(rows.keys() | found.keys()):
            if pk not in found or pk not in rows:
                self.differs(verdict.day, _share_name(pk), THERE if pk in found else MISSING, rows.get(pk, NONE))
            elif found[pk] != rows[pk]:
                self.compare_values(_share_name(pk), verdict.day, SHARE, found[pk], rows[pk])

    def _share_row(self, line: Line, verdict: Verdict, night: date) -> tuple[object, ...]:
        part = line.part
        return (
            night,
            verdict.day,
            line.person,
            self.row.currency,
            part.weight,
            verdict.weights_sum,
            part.inherited_grain,
            part.carry_before_grain,
            part.carry_after_grain,
            part.amount_minor,
            line.recovered_minor,
            line.payable_minor,
        )

    def compare_payroll(self, payroll: Payroll, night: date) -> None:
        month, following = month_of(payroll.day)
        for wage in payroll.wages:
            kind = "draw" if wage.is_draw else "stable"
            self.compare_pay(
                wage.membership,
                payroll.day,
                (
                    wage.person,
                    kind,
                    month,
                    payroll.day,
                    night,
                    self.row.currency,
                    wage.days,
                    (following - month).days,
                    wage.monthly_minor,
                    wage.amount_minor,
                    pay_reference("draw" if wage.is_draw else "pay", self.row.pk, payroll.day),
                ),
            )
        for kind, sums in pay_sums(payroll):
            self.compare_entry(pay_reference(kind, self.row.pk, payroll.day), kind, night, payroll.day, sums)

    def compare_written_off(self, person: UUID, minor: int, firm: Firm) -> None:
        day, reference = firm.day, forgiven_reference(self.row.pk, person, firm.day)
        values = (
            person, "forgiven", month_of(day)[0], day, day, self.row.currency, 0, 0, 0, minor, reference,
        )  # fmt: skip
        self.compare_pay(self._latest_membership(person, firm), day, values)
        sums = {(Kind.EXPENSE_PAY, ""): minor, (Kind.ADVANCE, f"person:{person}"): -minor}
        self.compare_entry(reference, "pay", day, day, sums)

    def _latest_membership(self, person: UUID, firm: Firm) -> UUID:
        """The membership that tells how an advance ended: one of these days, else the latest there was."""
        first = min([firm.day, *(late.day for late in firm.unsettled)])
        since = min(first, month_of(firm.day)[0]) if firm.is_final or is_month_end(firm.day) else first
        places = [place for place in self.facts.places if place.person_id == person and place.started_on <= firm.day]
        recent = [place for place in places if place.ended_on is None or place.ended_on > since]
        if recent:
            return recent[-1].pk
        return max(places, key=lambda place: (place.started_on, place.number)).pk

    def compare_pay(self, membership: UUID, day: date, recomputed: tuple[object, ...]) -> None:
        self.tally.pay_lines += 1
        facts = dict(zip(PAY, recomputed, strict=True))
        key = pay_key(membership, recomputed)
        self.expected.add(key)
        stored = self.facts.pays.get(key)
        if stored is None:
            self.differs(day, _pay_name(key), MISSING, facts["amount_minor"])
        elif stored != recomputed:
            self.compare_values(_pay_name(key), day, PAY, stored, recomputed)

    def compare_entry(
        self, reference: str, kind: str, night: date | None, effective: date, sums: Mapping[Account, int]
    ) -> None:
        """night: the business date it must have; None when it lands on whatever date is open."""
        self.tally.entries += 1
        self.expected.add(reference)
        stored = self.facts.entries.get(reference)
        if stored is None:
            self.differs(effective, _entry_name(reference), MISSING, kind)
            return
        if night is not None and stored.business_date != night:
            what = _("%(what)s business date") % {"what": _entry_name(reference)}
            self.differs(effective, what, stored.business_date, night)
        if (stored.kind, stored.effective_date) != (kind, effective):
            was = f"{stored.kind} {stored.effective_date}"
            self.differs(effective, _entry_name(reference), was, f"{kind} {effective}")
        text = by_date.lines_text(sums)
        if stored.digest != md5(text.encode(), usedforsecurity=False).hexdigest():
            found = by_date.lines_of_reference(reference)
            for account in sorted(found.keys() | {account for account, minor in sums.items() if minor}):
                if found.get(account, 0) != sums.get(account, 0):
                    facts = {"what": _entry_name(reference), "account": " ".join(account).strip()}
                    name = _("%(what)s, account %(account)s") % facts
                    self.differs(effective, name, found.get(account, 0), sums.get(account, 0))

    def report_what_is_too_much(self, *, until: date, waiting: Collection[str]) -> None:
        """What is stored or posted of these nights, and does not follow from the facts.

        waiting: references of the years that are not closed yet because an exception of theirs is open.
        """
        for key, stored in self.facts.outcomes.items():
            if stored.night >= self.since and key not in self.expected:
                self.differs(stored.day, str(OUTCOME_NAME), THERE, NONE)
        for pay, values in self.facts.pays.items():
            if values[PAY.index("night")] >= self.since and pay not in self.expected:
                amount = values[PAY.index("amount_minor")]
                self.differs(values[PAY.index("business_date")], _pay_name(pay), amount, NONE)
        for reference, entry in self.facts.entries.items():
            if reference in self.expected or reference in waiting or entry.business_date < self.since:
                continue
            is_closing = reference.startswith("year_close:") and entry.effective_date < until
            if entry.kind != "year_close" or is_closing:
                self.differs(entry.effective_date, _entry_name(reference), THERE, NONE)

    def differs(self, day: date, what: str, stored: object, recomputed: object) -> None:
        self.tally.differs(self.row.name, day, what, stored, recomputed)


# --- Names of what differs --------------------------------------------------------------------------------------------


def _share_name(membership: UUID) -> str:
    return _("share of membership %(membership)s") % {"membership": membership}


def _pay_name(key: PayKey) -> str:
    membership, _month, kind = key
    return str(PAY_NAMES[kind]) % {"membership": membership}


def _entry_name(reference: str) -> str:
    return _("entry %(reference)s") % {"reference": reference}


# --- Small steps ------------------------------------------------------------------------------------------------------


def unpaid(firm: Firm, answer: FirmNight) -> tuple[Wage, ...]:
    """What an exception of tonight freezes of the month's pay."""
    return () if any(payroll.day == firm.day for payroll in answer.payrolls) else firm.wages


def share_sums(verdict: Verdict) -> dict[Account, int]:
    """What a share moves in each account: docs/money.md, told a second time on purpose."""
    sums: dict[Account, int] = defaultdict(int)
    sums[Kind.PROFIT_SHARED, ""] += verdict.pool_minor
    for line in verdict.lines:
        sums[Kind.SET_ASIDE, ""] += line.payable_minor
        sums[Kind.WALLET, ""] -= line.payable_minor
        sums[Kind.PAYABLE, f"person:{line.person}"] -= line.payable_minor
        sums[Kind.ADVANCE, f"person:{line.person}"] -= line.recovered_minor
    return sums


def pay_sums(payroll: Payroll) -> Iterator[tuple[str, dict[Account, int]]]:
    """What a month's draws and pay move in each account; what the wallet lacked was not set aside."""
    unfunded = payroll.unfunded_minor
    for kind, is_draw in (("draw", True), ("pay", False)):
        wages = [wage for wage in payroll.wages if wage.is_draw is is_draw]
        total = sum(wage.amount_minor for wage in wages)
        if not total:
            continue
        short = min(unfunded, total)
        unfunded -= short
        sums: dict[Account, int] = defaultdict(int)
        sums[Kind.SET_ASIDE, ""] += total - short
        sums[Kind.WALLET, ""] -= total - short
        for wage in wages:
            party = f"person:{wage.person}"
            sums[Kind.PAYABLE, party] -= wage.amount_minor
            sums[(Kind.ADVANCE, party) if is_draw else (Kind.EXPENSE_PAY, "")] += wage.amount_minor
        yield kind, sums
