"""A person's date told as text that a member can follow: every line with its facts, its steps and its evidence.

The steps are those of `settlement.derivations`; here they are put into lines of text, with the entries that made the
profit, their references and the dates they hold for. Where a person has no line, the text says why. Nothing is decided
or written here.
"""

import textwrap
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from core import money
from microenterprises.models import Membership, Microenterprise
from people.models import User
from settlement import derivations, queries
from settlement.derivations import Step
from settlement.models import HandedOn, Outcome, PayLine, ShareLine
from settlement.sentences import day_name, trouble, waiting
from settlement.waiting import lowered_of

WIDTH = 96


def person_named(text: str) -> User | None:
    """The person with this e-mail address, employee number or id; None when there is nobody."""
    wanted = text.strip()
    by_name = Q(email__iexact=wanted) | Q(employee_number__iexact=wanted)
    with suppress(ValueError):
        by_name |= Q(pk=UUID(wanted))
    return User.objects.exclude(email="").filter(by_name).first() if wanted else None


def firms_of(person: User, day: date) -> list[UUID]:
    """The MEs whose nights have a line of the person on the date, or of which they were a member then."""
    shares = _shares(person, day).values_list("outcome__microenterprise", flat=True)
    pays = _pays(person, day).values_list("microenterprise", flat=True)
    members = Membership.objects.active(day).filter(person=person).values_list("microenterprise", flat=True)
    return sorted({*shares, *pays, *members})


def last_night_of(person: User, day: date) -> date:
    """The last night on which a line of that date was posted; the date itself when there is none."""
    nights = [
        *_shares(person, day).values_list("night", flat=True),
        *_pays(person, day).values_list("night", flat=True),
    ]
    return max([day, *nights])


def explain(person: User, day: date) -> Iterator[str]:
    """The lines of the text."""
    yield _("%(person)s, %(day)s") % {"person": person.name, "day": day_name(day)}
    told = set()
    for pay in _pays(person, day).select_related("microenterprise", "membership"):
        yield from _pay(pay)
        told.add(pay.microenterprise_id)
    for share in _shares(person, day).select_related("outcome__microenterprise", "outcome__share_terms"):
        yield from _share(share)
        told.add(share.outcome.microenterprise_id)
    for line in _handed_on(person, day).select_related("microenterprise"):
        yield from _end(line)
        told.add(line.microenterprise_id)
    members = Membership.objects.active(day).filter(person=person).select_related("microenterprise")
    for place in members.order_by("microenterprise__name"):
        if place.microenterprise_id not in told:
            yield from _without_line(place, day)
            told.add(place.microenterprise_id)
    if not told:
        yield ""
        yield from _wrapped(
            _("%(person)s has no line on this date and was no member of a microenterprise then.")
            % {"person": person.name}
        )


# --- Lines ------------------------------------------------------------------------------------------------------------


def _shares(person: User, day: date) -> QuerySet[ShareLine]:
    mine = ShareLine.objects.filter(Q(business_date=day) | Q(night=day), person=person, weight__gt=0)
    return mine.order_by("night", "business_date", "outcome__microenterprise__name", "id")


def _pays(person: User, day: date) -> QuerySet[PayLine]:
    mine = PayLine.objects.filter(Q(business_date=day) | Q(night=day), person=person)
    return mine.order_by("night", "business_date", "kind", "id")


def _share(line: ShareLine) -> Iterator[str]:
    outcome = line.outcome
    amount = money.write(line.amount_minor, line.currency)
    title = _("Share of the profit of %(me)s: %(amount)s") % {"me": outcome.microenterprise.name, "amount": amount}
    yield from _head(title, line.business_date, line.night, outcome.entry_reference)
    yield from _evidence(outcome)
    yield from _steps(derivations.of_share(line))


def _pay(line: PayLine) -> Iterator[str]:
    facts = {
        "kind": line.get_kind_display(),
        "me": line.microenterprise.name,
        "amount": money.write(line.amount_minor, line.currency),
    }
    yield from _head(_("%(kind)s, %(me)s: %(amount)s") % facts, line.business_date, line.night, line.entry_reference)
    yield from _steps(derivations.of_pay(line, lowered_of(line)))


def _handed_on(person: User, day: date) -> QuerySet[HandedOn]:
    return HandedOn.objects.filter(night=day, person=person).order_by("microenterprise__name")


def _end(line: HandedOn) -> Iterator[str]:
    facts = {"me": line.microenterprise.name, "amount": money.write(line.amount_minor, line.currency)}
    title = _("Stake and rest of %(me)s, which ended: %(amount)s") % facts
    yield from _head(title, line.night, line.night, line.entry_reference)
    yield from _steps(derivations.of_handed_on(line))


def _without_line(place: Membership, day: date) -> Iterator[str]:
    """A member who got nothing that date: how the date of the ME ended."""
    me = place.microenterprise
    yield ""
    yield _("%(me)s: nothing on this date") % {"me": me.name}
    own = Outcome.objects.filter(microenterprise=me, business_date=day, repairs=None)
    outcome = own.select_related("microenterprise", "share_terms").first()
    if outcome is None:
        yield from _wrapped(_("The date is not settled yet; it is settled shortly after it is over."))
        return
    yield from _wrapped(_why_nothing(outcome, place, me))
    yield from _evidence(outcome)
    yield from _steps(derivations.of_outcome(outcome))


def _why_nothing(outcome: Outcome, place: Membership, me: Microenterprise) -> str:
    state = Outcome.State(outcome.state)
    if state is Outcome.State.EXCEPTION:
        return trouble(outcome, me.name).sentence
    if state is Outcome.State.WAITING:
        return waiting()
    if state is Outcome.State.SETTLED:
        facts = {"person": place.person.name, "me": me.name}
        return _("A pool was shared, but %(person)s carried no share weight in %(me)s on this date.") % facts
    return _("Nothing new was due to the members of %(me)s.") % {"me": me.name}


# --- Evidence and steps -----------------------------------------------------------------------------------------------


def _evidence(outcome: Outcome) -> Iterator[str]:
    """The entries that made the profit since the date before, each with its reference and the date it holds for."""
    found = queries.evidence(outcome.microenterprise.entity_id, _since(outcome), outcome.business_date)
    pay = _pay_posted_later(outcome)
    yield ""
    yield "  " + _("Facts counted on this date")
    for each in found:
        amount = money.write(each.amount_minor, outcome.currency)
        yield _row(each.memo, amount)
        says = _("reference %(reference)s") % {"reference": each.reference}
        if each.is_late:
            late = _("late: it holds for %(effective)s and counts on %(day)s, when it was posted")
            says += "; " + late % {"effective": day_name(each.effective_date), "day": day_name(each.day)}
        yield from _wrapped(says, indent="      ")
    for reference, minor in pay:
        yield _row(_("Stable pay of the month"), money.write(-minor, outcome.currency))
        yield from _wrapped(_("reference %(reference)s") % {"reference": reference}, indent="      ")
    if not found and not pay:
        yield from _wrapped(_("None: what is shared was earned before."), indent="    ")


def _pay_posted_later(outcome: Outcome) -> list[tuple[str, int]]:
    """Stable pay of a repaired date: a cost of that date, though it was posted on the night that repaired it."""
    late = PayLine.objects.filter(
        microenterprise=outcome.microenterprise_id,
        kind=PayLine.Kind.STABLE,
        business_date=outcome.business_date,
        night__gt=outcome.business_date,
        night__lte=outcome.night,
    )
    sums = late.values("entry_reference").annotate(total=Sum("amount_minor")).order_by("entry_reference")
    return [(row["entry_reference"], row["total"]) for row in sums]


def _since(outcome: Outcome) -> date:
    """The first business date whose entries count for an outcome: after the date settled before it in its year."""
    before = Outcome.objects.filter(
        microenterprise=outcome.microenterprise_id,
        fiscal_year=outcome.fiscal_year,
        repairs=None,
        night__lt=outcome.business_date,
    ).order_by("-night")
    last = before.values_list("night", flat=True).first()
    return last + timedelta(days=1) if last else outcome.fiscal_year


def _head(title: str, day: date, night: date, reference: str) -> Iterator[str]:
    yield ""
    yield title
    if night != day:
        facts = {"day": day_name(day), "night": day_name(night)}
        yield from _wrapped(
            _("For %(day)s, which could not be settled then; posted on the night of %(night)s.") % facts
        )
    yield from _wrapped(_("Entry %(reference)s") % {"reference": reference})


def _steps(steps: list[Step]) -> Iterator[str]:
    for step in steps:
        yield ""
        yield f"  {step.title}"
        for row in step.rows:
            if row.is_sum:
                yield " " * 4 + "-" * (WIDTH - 4)
            yield _row(row.label, row.figure)
        if step.sentence:
            yield from _wrapped(step.sentence, indent="    ")


def _row(label: str, figure: str) -> str:
    """A label, and its figure at the right edge; a long label keeps its own line."""
    room = WIDTH - 4 - len(figure) - 1
    if len(label) > room:
        return f"    {label}\n    {figure:>{WIDTH - 4}}"
    return f"    {label:<{room}} {figure}"


def _wrapped(text: str, indent: str = "  ") -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
