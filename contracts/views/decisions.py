"""The pages of a decision on its way: a second person, a low price, objections, rulings. Load, act, answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from contracts import deciding
from contracts.access import SeenProject, opened_bid_or_404, project_or_404
from contracts.actions import awards as actions
from contracts.actions import low_prices, objections
from contracts.forms.awards import AgreeForm, AnswerForm, RulingForm
from contracts.forms.projects import ReasonForm
from contracts.models import Award, Bid, Objection, Project
from contracts.permissions import awards as checks
from contracts.permissions.parts import stewards
from contracts.permissions.standing import Standing, standing_of
from contracts.queries import projects as queries
from contracts.queries.decisions import Decision, Said, decision_of
from contracts.views.acts import Act, address
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid
from core.http import Request, see_other, unprocessable
from core.look import Badge
from core.permissions import why_not

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
LOW: Final = Badge(gettext_lazy("Low price"), "warn", "triangle-alert")


# ------------------------------------------------------------------ on the project's page


@dataclass(frozen=True, slots=True)
class ObjectionRow:
    """An objection with the button of whoever may rule on it, or what it waits for."""

    said: Said
    rule: Act | None
    waits: str


@dataclass(frozen=True, slots=True)
class DecisionCard:
    """The decision as the page of its project shows it."""

    decision: Decision
    bidder: str
    sentence: str
    causes: Sequence[str]
    objections: Sequence[ObjectionRow]
    acts: Sequence[Act]
    split: str
    disqualified: Sequence[str]


def card(seen: SeenProject, bids: Sequence[Bid], who: Standing, now: datetime) -> DecisionCard | None:
    """The live decision among a project's opened bids; None when nothing is decided.

    Statements only for who has to do something about it, and one while an objection is open.
    """
    decision = decision_of(bids)
    if decision is None:
        return None
    bidder = queries.bidder_name(decision.bid)
    return DecisionCard(
        decision=decision,
        bidder=bidder,
        sentence=deciding.sentence(decision, bidder, now),
        causes=deciding.causes(decision.award.causes),
        objections=_objections(seen, decision, who),
        acts=_acts(seen, decision, bids, who, now),
        split=deciding.split(decision.award.arithmetic),
        disqualified=deciding.passed(decision.award, bids),
    )


def _objections(seen: SeenProject, decision: Decision, who: Standing) -> list[ObjectionRow]:
    known = stewards(seen.project, who.on) if decision.contested else {}
    waits = _("The steward has not ruled yet.") if "" in known.values() else checks.who_rules(known)
    return [ObjectionRow(said, _ruling(seen, said, who, known), waits) for said in decision.objections]


def _ruling(seen: SeenProject, said: Said, who: Standing, known: Mapping[UUID, str]) -> Act | None:
    if said.ruling or who.user.pk not in known:
        return None
    refusal = why_not(checks.check_rule, Objection(ruling=None), who, known)
    return Act(address("objection_rule", seen.project, said.id), _("Rule on it"), "scale", refusal)


def _acts(seen: SeenProject, decision: Decision, bids: Sequence[Bid], who: Standing, now: datetime) -> list[Act]:
    project, award = seen.project, decision.award
    found = []
    if award.status == Award.Status.PROPOSED:
        refusal = why_not(checks.check_agree, project, award, who, seen.seats)
        if not refusal or who.belongs_to(project.buyer_id):
            found.append(Act(address("award_agree", project), _("Agree or refuse"), "scale", refusal))
    objected = [said.firm_id for said in decision.objections]
    if award.status == Award.Status.STANDING and checks.objecting_firm(award, bids, who, objected=objected) is not None:
        refusal = why_not(checks.check_object, award, bids, who, now, objected=objected)
        found.append(Act(address("award_object", project), _("Object"), "message-square", refusal, tone="plain"))
    if award.status != Award.Status.ACTIVE and who.leads(project.buyer_id):
        refusal = why_not(checks.check_take_back, project, award, who)
        found.append(
            Act(address("award_take_back", project), _("Take the choice back"), "undo-2", refusal, tone="plain")
        )
    return found


# ------------------------------------------------------------------ the pages


@get_or_post
def award_agree(request: Request, pk: UUID) -> HttpResponse:
    """The second person reads the choice and its arithmetic, then agrees or refuses with a reason."""
    seen, bids, decision, now = _decided(request, pk)
    who = standing_of(request.user, business_date(now))
    checks.check_agree(seen.project, decision.award, who, seen.seats)
    form = AgreeForm(request.POST or None)
    if request.method == "POST" and _is_seen(request, decision, form) and form.is_valid():
        verb = actions.agree if form.agrees() else actions.refuse
        reason = form.cleaned_data["reason"]
        if _done(form, lambda: verb(award=decision.award, reason=reason, by=request.user)):
            return see_other("project_detail", pk)
    bidder = queries.bidder_name(decision.bid)
    context = {
        "project": seen.project,
        "decision": decision,
        "bidder": bidder,
        "causes": [*deciding.causes(decision.award.causes), *deciding.passed(decision.award, bids)],
        "form": form,
    }
    return _answer(request, form, "projects/agree.html", context)


@get_or_post
def award_take_back(request: Request, pk: UUID) -> HttpResponse:
    """The leader of the buyer takes a choice back before it takes effect."""
    seen, _bids, decision, now = _decided(request, pk)
    who = standing_of(request.user, business_date(now))
    checks.check_take_back(seen.project, decision.award, who)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and _is_seen(request, decision, form) and form.is_valid():
        reason = form.cleaned_data["reason"]
        if _done(form, lambda: actions.take_back(award=decision.award, reason=reason, by=request.user)):
            return see_other("project_detail", pk)
    consequence = _("The choice ends here, every bidder who was told reads your reason, and you choose again.")
    return _reason(request, seen, decision, form, _("Take the choice back"), consequence, _("Take the choice back"))


@get_or_post
def award_object(request: Request, pk: UUID) -> HttpResponse:
    """A bidder who was not chosen objects while the award stands."""
    seen, bids, decision, now = _decided(request, pk)
    objected = [said.firm_id for said in decision.objections]
    who = standing_of(request.user, business_date(now))
    checks.check_object(decision.award, bids, who, now, objected=objected)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and _is_seen(request, decision, form) and form.is_valid():
        reason = form.cleaned_data["reason"]
        if _done(form, lambda: objections.object_to(award=decision.award, reason=reason, by=request.user)):
            return see_other("project_detail", pk)
    consequence = _("Nothing is signed until the steward has ruled. The steward and every bidder read your reason.")
    return _reason(request, seen, decision, form, _("Object to the award"), consequence, _("Object to the award"))


@get_or_post
def objection_rule(request: Request, pk: UUID, objection: UUID) -> HttpResponse:
    """The steward rules on an objection with a reason."""
    seen, _bids, decision, now = _decided(request, pk)
    found = Objection.objects.select_related("microenterprise", "award").filter(pk=objection).first()
    if found is None or found.award_id != decision.award.pk:
        raise Http404
    who = standing_of(request.user, business_date(now))
    checks.check_rule(found, who, stewards(seen.project, who.on))
    form = RulingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        upheld, reason = form.upholds(), form.cleaned_data["reason"]
        if _done(form, lambda: objections.rule(objection=found, upheld=upheld, reason=reason, by=request.user)):
            return see_other("project_detail", pk)
    context = {
        "project": seen.project,
        "decision": decision,
        "bidder": queries.bidder_name(decision.bid),
        "objection": found,
        "form": form,
    }
    return _answer(request, form, "projects/rule.html", context)


@get_or_post
def bid_price(request: Request, pk: UUID, bid: UUID) -> HttpResponse:
    """What is strange about a low price: the buyer asks, the bidder explains, everybody who sees the bids reads it."""
    now = market_now()
    seen = project_or_404(request.user, pk)
    chosen = opened_bid_or_404(request.user, seen.project, bid)
    bids = queries.opened_bids(seen.project)
    chosen = next((row for row in bids if row.pk == chosen.pk), chosen)
    limits = low_prices.limits_on(seen.project, business_date(now))
    low = low_prices.low_price_of(seen.project, chosen, bids, limits)
    question = getattr(chosen, "price_question", None)
    if low is None and question is None:
        raise Http404
    who = standing_of(request.user, business_date(now))
    answers = not why_not(checks.check_answer, chosen, question, who, now)
    asks = question is None and not (
        why_not(checks.check_award, seen.project, who) or why_not(checks.check_impartial, seen.project, who)
    )
    form = AnswerForm(request.POST or None) if answers else ReasonForm(None)
    if request.method == "POST" and _priced(request, form, chosen, answers=answers, asks=asks):
        return see_other("project_detail", pk)
    context = {
        "project": seen.project,
        "bid": chosen,
        "bidder": queries.bidder_name(chosen),
        # The arithmetic tells what the others ask, which is none of a vendor's business.
        "lines": deciding.low_price(low, limits, seen.project.currency)
        if low is not None and not request.user.is_vendor
        else [],
        "question": question,
        "asks": asks,
        "form": form if answers else None,
    }
    return _answer(request, form, "projects/price.html", context)


def _priced(request: Request, form: ReasonForm | AnswerForm, bid: Bid, *, answers: bool, asks: bool) -> bool:
    """Do what the reader's button says. The action refuses whoever has none."""
    if not answers:
        low_prices.ask_about_price(bid=bid, by=request.user)
        return asks
    return form.is_valid() and _done(
        form, lambda: low_prices.answer_about_price(bid=bid, answer=form.cleaned_data["answer"], by=request.user)
    )


# ------------------------------------------------------------------ shared


def _decided(request: Request, pk: UUID) -> tuple[SeenProject, list[Bid], Decision, datetime]:
    """A project the reader sees, its opened bids and its live decision; 404 where nothing is decided."""
    now = market_now()
    seen = project_or_404(request.user, pk)
    bids = queries.opened_bids(seen.project)
    decision = decision_of(bids)
    if decision is None:
        raise Http404
    return seen, bids, decision, now


def _is_seen(request: Request, decision: Decision, form: Form) -> bool:
    """Whether what is sent answers the choice that stands; else the form says so and keeps what was typed.

    The page carries the award it shows. The action works on that award alone, under the lock.
    """
    if request.POST.get("seen", str(decision.award.pk)) == str(decision.award.pk):
        return True
    form.add_error(
        None,
        _("While you read, the choice was taken back and another was made. Read what is chosen now, then answer it."),
    )
    return False


def _done(form: Any, act: Callable[[], object]) -> bool:
    try:
        act()
    except (Invalid, Conflict) as refusal:
        field = getattr(refusal, "field", None)
        form.add_error(field if field in form.fields else None, str(refusal.sentence))
        return False
    return True


def _reason(
    request: Request,
    seen: SeenProject,
    decision: Decision,
    form: ReasonForm,
    title: str,
    consequence: str,
    button: str,
) -> HttpResponse:
    context = {
        "project": seen.project,
        "seen": decision.award.pk,
        "form": form,
        "title": title,
        "consequence": consequence,
        "button": button,
        "back": address("project_detail", seen.project),
    }
    return _answer(request, form, "projects/reason.html", context)


def _answer(request: Request, form: Any, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response


def low_prices_among(project: Project, bids: Sequence[Bid], today: date, *, decides: bool) -> dict[UUID, Badge]:
    """Bids whose price was asked about; for who decides (one statement), also those of which it should be."""
    found = {bid.pk: LOW for bid in bids if getattr(bid, "price_question", None) is not None}
    if decides:
        limits = low_prices.limits_on(project, today)
        found |= {bid.pk: LOW for bid in bids if low_prices.low_price_of(project, bid, bids, limits) is not None}
    return found
