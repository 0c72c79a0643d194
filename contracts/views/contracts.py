"""The contract pages: load, act, answer. What is asked and refused is decided by the actions and their checks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contracts import wording
from contracts.access import SeenContract, contract_or_404, milestone_or_404
from contracts.actions import acceptance, drafting, ratings
from contracts.actions import contracts as actions
from contracts.actions import milestones as deeds
from contracts.forms import contracts as forms
from contracts.lifecycle import CONTRACT_BADGES, MILESTONE_BADGES
from contracts.models import Contract, Milestone
from contracts.permissions import contracts as checks
from contracts.permissions.contracts import Place
from contracts.permissions.standing import standing_of
from contracts.queries import contracts as queries
from contracts.queries.contracts import Version
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid
from core.http import Request, see_other, unprocessable
from core.look import Badge
from core.paging import page
from core.permissions import why_not
from core.words.instants import exact
from microenterprises.models import Membership
from people.models import Role, User

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


# ------------------------------------------------------------------ the list


@dataclass(frozen=True, slots=True)
class Row:
    """One contract of the list."""

    contract: Any
    badge: Badge
    other: str


@require_safe
def contract_list(request: Request) -> HttpResponse:
    """My contracts first; finance, steward and auditor see all."""
    now = market_now()
    firms = list(standing_of(request.user, business_date(now)).firms)
    mine = [firm.pk for firm in firms]
    form = forms.ContractFilter(request.GET, firms=firms)
    sees_all = request.user.has_role(Role.FINANCE, Role.STEWARD, Role.AUDITOR)
    rows = _filtered(queries.listed(request.user, mine), form, mine)
    order = ("theirs", "-created_at", "id") if sees_all and mine else ("-created_at", "id")
    found = page(rows, order=order, cursor=request.GET.get("cursor"))
    context = {
        "now": now,
        "page": found,
        "form": form,
        "firms": firms,
        "rows": [Row(row, CONTRACT_BADGES[Contract.Status(row.status)], _across(row, mine)) for row in found.rows],
    }
    template = "contracts/list.html#results" if request.htmx.target == "results" else "contracts/list.html"
    return render(request, template, context)


def _filtered(rows: QuerySet[Contract], form: forms.ContractFilter, mine: list[UUID]) -> QuerySet[Contract]:
    form.is_valid()
    asked = form.cleaned_data
    if text := asked.get("q"):
        rows = queries.found_by(rows, text)
    if state := asked.get("state"):
        rows = rows.filter(status=state)
    firms = [UUID(asked["me"])] if asked.get("me") else mine
    if side := asked.get("side"):
        return queries.on_side(rows, side, firms)
    if asked.get("me"):
        return queries.on_side(rows, "buyer", firms) | queries.on_side(rows, "supplier", firms)
    return rows


def _across(contract: Contract, mine: Sequence[UUID]) -> str:
    """Who is on the other side, for a member; both names for everybody else."""
    if contract.buyer_id in mine:
        return _("%(supplier)s works for us") % {"supplier": contract.supplier_name}
    if contract.supplier_id in mine:
        return _("We work for %(buyer)s") % {"buyer": contract.buyer.name}
    return _("%(supplier)s works for %(buyer)s") % {
        "buyer": contract.buyer.name,
        "supplier": contract.supplier_name,
    }


# ------------------------------------------------------------------ one contract


@dataclass(frozen=True, slots=True)
class Act:
    """A button: where it leads, what it says, and why it is not possible, if it is not."""

    url: str
    label: str
    icon: str
    why_not: str
    tone: str = "primary"


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """One milestone with its state and what may be done with it."""

    milestone: Milestone
    badge: Badge
    late: bool
    silence_ends: datetime | None
    acts: tuple[Act, ...]


@require_safe
def contract_detail(request: Request, pk: UUID) -> HttpResponse:
    """One contract: what each party must do, its words, signatures, milestones, money and trail."""
    now = market_now()
    found = contract_or_404(request.user, pk, business_date(now))
    contract, place = found.contract, found.place
    versions = queries.versions(contract)
    milestones = list(contract.milestones.select_related("submitted_by", "decided_by"))
    until = checks.signing_ends(contract, versions[0].words.signing_days)
    rated = {row.party for row in found.ratings}
    context = {
        "now": now,
        "contract": contract,
        "place": place,
        "badge": CONTRACT_BADGES[Contract.Status(contract.status)],
        "sentence": queries.state_sentence(contract, versions[0], milestones, exact(until)),
        "primary": _primary(found, versions[0], milestones, rated, now=now, until=until),
        "until": until,
        "version": versions[0],
        "before": versions[1] if len(versions) > 1 else None,
        "changes": wording.changes(versions[1].words, versions[0].words) if len(versions) > 1 else [],
        "older": versions[1:],
        "duties": queries.duties(contract, versions[0], milestones, rated),
        "milestones": [_milestone_row(found, row, versions[0], now) for row in milestones],
        "funds": queries.funds(contract, milestones),
        "ratings": queries.shown_ratings(found, now),
        "rated": rated,
        "hidden": len(rated) - len(queries.shown_ratings(found, now)),
        "trail": queries.trail(contract),
        "why": _why_not_each(contract, place, now=now, until=until),
        "launch_first": _launch_first(contract, place),
    }
    return render(request, "contracts/detail.html", context)


def _launch_first(contract: Contract, place: Place) -> bool:
    """Whether the reader leads a team that has to be launched as an ME before it signs."""
    waits = contract.supplier is not None and contract.supplier.is_team
    return waits and contract.status == Contract.Status.SIGNING and "supplier" in place.leads


def _why_not_each(contract: Contract, place: Place, *, now: datetime, until: datetime) -> dict[str, str]:
    return {
        "change": why_not(checks.check_change, contract, place, now=now, until=until),
        "decline": why_not(checks.check_decline, contract, place),
        "end": "" if place.is_steward else why_not(checks.check_propose_end, contract, place),
        "withdraw": why_not(checks.check_withdraw_end, contract, place),
        "acceptor": why_not(checks.check_name_acceptor, contract, place),
    }


def _primary(
    found: SeenContract,
    version: Version,
    milestones: Sequence[Milestone],
    rated: set[str],
    *,
    now: datetime,
    until: datetime,
) -> Act | None:
    """The one next step of a contract, or why this reader cannot take it."""
    contract, place = found.contract, found.place
    if contract.status == Contract.Status.SIGNING:
        refused = why_not(checks.check_sign, contract, place, version.signed, now=now, until=until)
        return Act(reverse("contract_sign", args=[contract.pk]), _("Read and sign"), "signature", refused)
    if contract.status == Contract.Status.COMPLETED:
        refused = why_not(checks.check_rate, contract, place, rated)
        return (
            None
            if len(rated) == 2
            else Act(reverse("contract_rate", args=[contract.pk]), _("Rate the work"), "star", refused)
        )
    acts = [act for row in milestones for act in _milestone_acts(found, row, version, now)[:1]]
    return next((act for act in acts if not act.why_not), acts[0] if acts else None)


def _milestone_row(found: SeenContract, milestone: Milestone, version: Version, now: datetime) -> MilestoneRow:
    waits = milestone.status == Milestone.Status.SUBMITTED and milestone.submitted_at is not None
    undelivered = milestone.status in (Milestone.Status.SCHEDULED, Milestone.Status.REJECTED)
    return MilestoneRow(
        milestone=milestone,
        badge=MILESTONE_BADGES[Milestone.Status(milestone.status)],
        late=undelivered and found.contract.status == Contract.Status.ACTIVE and milestone.due_on < business_date(now),
        silence_ends=_silence_ends(milestone, version) if waits else None,
        acts=_milestone_acts(found, milestone, version, now) if found.place.is_member else (),
    )


def _silence_ends(milestone: Milestone, version: Version) -> datetime | None:
    return checks.silence_ends(milestone, version.words.silence_days)


def _milestone_acts(found: SeenContract, milestone: Milestone, version: Version, now: datetime) -> tuple[Act, ...]:
    contract, place = found.contract, found.place

    def to(name: str) -> str:
        return reverse(name, args=[contract.pk, milestone.number])

    if milestone.status == Milestone.Status.SUBMITTED:
        until = _silence_ends(milestone, version)
        refused = why_not(checks.check_decide, contract, milestone, place, now=now, until=until)
        accept = Act(to("milestone_accept"), _("Accept the delivery"), "check", refused)
        return (accept, Act(to("milestone_reject"), _("Reject"), "x", "", "plain")) if not refused else (accept,)
    if milestone.status in (Milestone.Status.SCHEDULED, Milestone.Status.REJECTED):
        refused = why_not(checks.check_deliver, contract, milestone, place)
        return (Act(to("milestone_deliver"), _("Deliver"), "send", refused),)
    return ()


# ------------------------------------------------------------------ what the forms share


def _done(form: BaseForm, act: Callable[[], object]) -> bool:
    """Do it; what was typed and cannot be used stands beside its field, every other refusal is a page."""
    try:
        act()
    except Invalid as wrong:
        form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong.sentence))
        return False
    return True


def _answer(request: Request, template: str, context: dict[str, Any], form: BaseForm) -> HttpResponse:
    response = render(request, template, {"form": form, **context})
    return unprocessable(response) if form.is_bound else response


def _back(request: Request, contract: Contract, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return see_other("contract_detail", contract.pk)


# ------------------------------------------------------------------ words and signatures


@get_or_post
def contract_sign(request: Request, pk: UUID) -> HttpResponse:
    """Read the words, see their hash and what the signature does, and sign them."""
    now = market_now()
    found = contract_or_404(request.user, pk, business_date(now))
    form = forms.SignForm(request.POST or None)
    refusal = ""
    if form.is_bound:
        try:
            actions.sign(contract=found.contract, sha256_seen=form.data.get("sha256", ""), by=request.user)
        except Conflict as changed:
            refusal = str(changed.sentence)
        else:
            return _back(request, found.contract, _("You signed. It stands in the contract's history."))
    versions = queries.versions(found.contract)
    until = checks.signing_ends(found.contract, versions[0].words.signing_days)
    launch_first = _launch_first(found.contract, found.place)
    if not launch_first:
        checks.check_sign(found.contract, found.place, versions[0].signed, now=now, until=until)
    context = {
        "now": now,
        "contract": found.contract,
        "version": versions[0],
        "before": versions[1] if len(versions) > 1 else None,
        "changes": wording.changes(versions[1].words, versions[0].words) if len(versions) > 1 else [],
        "until": until,
        "last": len(versions[0].signed) == 1,
        "over_minor": (found.contract.project.ceiling_minor or 0) - found.contract.price_minor,
        "refusal": refusal,
        "launch_first": launch_first,
        "form": forms.SignForm(initial={"sha256": versions[0].sha256}),
    }
    return render(request, "contracts/sign.html", context, status=409 if refusal else 200)


@get_or_post
def contract_change(request: Request, pk: UUID) -> HttpResponse:
    """Propose other milestones as a new version."""
    now = market_now()
    found = contract_or_404(request.user, pk, business_date(now))
    contract = found.contract
    version = queries.versions(contract)[0]
    until = checks.signing_ends(contract, version.words.signing_days)
    checks.check_change(contract, found.place, now=now, until=until)
    note = forms.NoteForm(request.POST or None)
    parts = forms.PartForms(
        request.POST or None,
        initial=_as_typed(version.words),
        form_kwargs={"currency": contract.currency},
        prefix="parts",
    )
    valid = note.is_bound and all((note.is_valid(), parts.is_valid()))
    if valid and _done(
        note,
        lambda: drafting.propose_version(
            contract=contract, milestones=forms.asked(parts), note=note.cleaned_data["note"], by=request.user
        ),
    ):
        return _back(request, contract, _("The new version waits for both signatures."))
    context = {"now": now, "contract": contract, "version": version, "parts": parts}
    return _answer(request, "contracts/change.html", context, note)


def _as_typed(words: wording.Words) -> list[dict[str, Any]]:
    return [{"title": part.title, "amount": part.amount_minor, "due_on": part.due_on} for part in words.parts]


@get_or_post
def contract_decline(request: Request, pk: UUID) -> HttpResponse:
    """Say no to the contract, with a reason; it is then void."""
    now = market_now()
    found = contract_or_404(request.user, pk, business_date(now))
    checks.check_decline(found.contract, found.place)
    form = forms.ReasonForm(request.POST or None)
    if form.is_valid() and _done(
        form,
        lambda: actions.void(contract=found.contract, reason=form.cleaned_data["reason"], by=request.user),
    ):
        return _back(request, found.contract, _("The contract is void; the money went back to the buyer's wallet."))
    return _answer(request, "contracts/decline.html", {"now": now, "contract": found.contract}, form)


# ------------------------------------------------------------------ milestones


@get_or_post
def milestone_deliver(request: Request, pk: UUID, number: int) -> HttpResponse:
    """Deliver a milestone with evidence."""
    now = market_now()
    found, milestone = milestone_or_404(request.user, pk, number, business_date(now))
    checks.check_deliver(found.contract, milestone, found.place)
    form = forms.DeliverForm(request.POST or None, initial={"evidence": milestone.evidence})
    if form.is_valid() and _done(
        form, lambda: deeds.deliver(milestone=milestone, by=request.user, **form.cleaned_data)
    ):
        told = _("Delivered. %(name)s decides on it.") % {"name": found.contract.acceptor.name}
        return _back(request, found.contract, told)
    return _answer(request, "contracts/deliver.html", _milestone_context(found, milestone, now), form)


@get_or_post
def milestone_accept(request: Request, pk: UUID, number: int) -> HttpResponse:
    """Accept a delivery, in full or in part."""
    now = market_now()
    found, milestone = milestone_or_404(request.user, pk, number, business_date(now))
    contract = found.contract
    _check_decide(found, milestone, now)
    form = forms.AcceptForm(request.POST or None, milestone=milestone, currency=contract.currency)
    if form.is_valid() and _done(form, lambda: _accept(milestone, form.cleaned_data, request.user)):
        return _back(request, contract, _accepted_words(contract))
    return _answer(request, "contracts/accept.html", _milestone_context(found, milestone, now), form)


def _check_decide(found: SeenContract, milestone: Milestone, now: datetime) -> None:
    until = acceptance.silence_ends(found.contract, milestone)
    checks.check_decide(found.contract, milestone, found.place, now=now, until=until)


def _accepted_words(contract: Contract) -> str:
    if contract.supplier_id is None:
        return _("Accepted. The money is paid to %(name)s.") % {"name": contract.supplier_name}
    return _("Accepted. The money is in the wallet of %(name)s.") % {"name": contract.supplier_name}


def _accept(milestone: Milestone, asked: dict[str, Any], by: User) -> Milestone:
    if asked["amount"] == milestone.amount_minor:
        return deeds.accept(milestone=milestone, by=by)
    return deeds.accept_part(milestone=milestone, amount_minor=asked["amount"], reason=asked["reason"], by=by)


@get_or_post
def milestone_reject(request: Request, pk: UUID, number: int) -> HttpResponse:
    """Reject a delivery with a reason."""
    now = market_now()
    found, milestone = milestone_or_404(request.user, pk, number, business_date(now))
    _check_decide(found, milestone, now)
    form = forms.ReasonForm(request.POST or None)
    if form.is_valid() and _done(
        form, lambda: deeds.reject(milestone=milestone, reason=form.cleaned_data["reason"], by=request.user)
    ):
        told = _("Rejected. %(name)s can deliver it again.") % {"name": found.contract.supplier_name}
        return _back(request, found.contract, told)
    return _answer(request, "contracts/reject.html", _milestone_context(found, milestone, now), form)


def _milestone_context(found: SeenContract, milestone: Milestone, now: datetime) -> dict[str, Any]:
    return {"now": now, "contract": found.contract, "milestone": milestone}


# ------------------------------------------------------------------ the end


@get_or_post
def contract_rate(request: Request, pk: UUID) -> HttpResponse:
    """Say how satisfied one's side is."""
    now = market_now()
    found = contract_or_404(request.user, pk, business_date(now))
    checks.check_rate(found.contract, found.place, {row.party for row in found.ratings})
    form = forms.RateForm(request.POST or None)
    if form.is_valid() and _done(
        form, lambda: ratings.rate(contract=found.contract, by=request.user, **form.cleaned_data)
    ):
        return _back(request, found.contract, _("Thank you. It is shown once both sides have rated."))
    context = {"now": now, "contract": found.contract, "days": found.hidden_days}
    return _answer(request, "contracts/rate.html", context, form)


@get_or_post
def contract_terminate(request: Request, pk: UUID) -> HttpResponse:
    """End a contract early: leaders propose and agree, the steward rules."""
    now = market_now()
    found = contract_or_404(request.user, pk, business_date(now))
    contract, place = found.contract, found.place
    alone = place.is_steward and not place.serves
    if alone:
        checks.check_terminate(contract, place)
    else:
        checks.check_propose_end(contract, place)
    form = forms.ReasonForm(request.POST or None, initial={"reason": contract.end_proposed_reason})
    verb = actions.terminate if alone else partial(actions.propose_end, seen=request.POST.get("seen"))
    if form.is_valid() and _done(
        form, lambda: verb(contract=contract, reason=form.cleaned_data["reason"], by=request.user)
    ):
        agreed = alone or contract.end_proposed_for is not None
        told = _("The contract has ended.") if agreed else _("Proposed. The other leader agrees or not.")
        return _back(request, contract, told)
    open_milestones = [
        row
        for row in contract.milestones.filter(status__in=queries.OPEN)
        if acceptance.silent_since(contract, row, now) is None
    ]
    context = {
        "now": now,
        "contract": contract,
        "alone": alone,
        "seen": actions.proposed_end(contract),
        "open_milestones": open_milestones,
        "unused_minor": sum(row.amount_minor for row in open_milestones),
        "delivered": [row for row in open_milestones if row.status == Milestone.Status.SUBMITTED],
    }
    return _answer(request, "contracts/terminate.html", context, form)


@require_POST
def contract_withdraw_end(request: Request, pk: UUID) -> HttpResponse:
    """Take the proposal to end the contract back."""
    found = contract_or_404(request.user, pk, business_date())
    actions.withdraw_end(contract=found.contract, by=request.user)
    return _back(request, found.contract, _("The contract goes on."))


@get_or_post
def contract_acceptor(request: Request, pk: UUID) -> HttpResponse:
    """Name another person who accepts the work."""
    now = market_now()
    found = contract_or_404(request.user, pk, business_date(now))
    contract = found.contract
    checks.check_name_acceptor(contract, found.place)
    members = Membership.objects.active(business_date(now)).filter(microenterprise=contract.buyer)
    people = User.objects.filter(pk__in=members.values("person")).exclude(
        Q(pk=contract.award.awarded_by_id) | Q(pk=contract.award.agreed_by_id) | Q(pk=contract.acceptor_id)
    )
    form = forms.AcceptorForm(request.POST or None, people=people.order_by("name"))
    if form.is_valid() and _done(
        form,
        lambda: actions.name_acceptor(contract=contract, acceptor=form.cleaned_data["acceptor"], by=request.user),
    ):
        return _back(request, contract, _("Named. They were told."))
    return _answer(request, "contracts/acceptor.html", {"now": now, "contract": contract}, form)
