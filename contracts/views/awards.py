"""The pages of the decision: award, no award, disqualification."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contracts import deciding, explaining, lots
from contracts.access import SeenProject, opened_bid_or_404, project_or_404
from contracts.actions import awards as actions
from contracts.forms.awards import AwardForm
from contracts.forms.projects import ReasonForm
from contracts.models import Bid
from contracts.permissions import awards as checks
from contracts.permissions.parts import ties_of
from contracts.permissions.standing import Standing, standing_of
from contracts.queries import projects as queries
from contracts.queries.lots import tie_between_lots
from contracts.ranking import Place, Ranking, disqualified_before, losers
from core.clock import business_date
from core.errors import Invalid
from core.http import Request, see_other, unprocessable

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@get_or_post
def project_award(request: Request, pk: UUID, bid: UUID) -> HttpResponse:
    """Decide for one bid, with a reason for every other."""
    seen = project_or_404(request.user, pk)
    who = standing_of(request.user, business_date())
    checks.check_award(seen.project, who)
    checks.check_impartial(seen.project, who)
    chosen = opened_bid_or_404(request.user, seen.project, bid)
    bids = queries.opened_bids(seen.project)
    ranking = queries.ranking_of(seen.project, bids)
    checks.check_awardable(seen.project, chosen, ranking.unscored)
    place = ranking.of(chosen.pk)
    form = _award_form(request, ranking, place, seen.project.currency)
    if request.method == "POST" and form.is_valid() and _awarded(request, seen, chosen, form):
        return see_other("project_detail", pk)
    context = {
        "project": seen.project,
        "place": place,
        "name": queries.bidder_name(chosen),
        "arithmetic": explaining.arithmetic(place, ranking, seen.project.currency),
        "form": form,
        "notes": _notes(seen, place, ranking, bids, who),
        "back_to_wallet": (seen.project.ceiling_minor or 0) - (chosen.price_minor or 0),
    }
    response = render(request, "projects/award.html", context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response


def _notes(seen: SeenProject, place: Place, ranking: Ranking, bids: list[Bid], who: Standing) -> list[str]:
    """What is to be known before this bid is chosen, and why a second person will be asked; the rest is said after."""
    out = disqualified_before(seen.project, bids, place.bid)
    lately = ties_of(seen.project, who.user, who.on).lately
    asked = _("So a second person has to agree.")
    notes = [_departure(seen, place, ranking), *deciding.disqualified(out), f"{lately} {asked}" if lately else ""]
    return [note for note in notes if note]


def _departure(seen: SeenProject, place: Place, ranking: Ranking) -> str:
    """What choosing another bid than the first one means; empty for the first."""
    first = ranking.places[0]
    if place.bid.pk == first.bid.pk:
        return ""
    tie = tie_between_lots(seen.project, ranking, place.bid, first.bid)
    return deciding.departure(queries.bidder_name(first.bid), place.rank, tie, is_equal=lots.tied(place, first))


def _award_form(request: Request, ranking: Ranking, winner: Place, currency: str) -> AwardForm:
    behind = [place for place in losers(ranking, winner.bid) if place.bid.status == Bid.Status.VALID]
    prefilled = {place.bid.pk: explaining.why_behind(place, winner, currency) for place in behind}
    return AwardForm(request.POST or None, losers=[place.bid for place in behind], prefilled=prefilled)


def _awarded(request: Request, seen: SeenProject, bid: Bid, form: AwardForm) -> bool:
    try:
        actions.award(
            project=seen.project,
            bid=bid,
            reason=form.cleaned_data["reason"],
            loser_reasons=form.loser_reasons(),
            by=request.user,
        )
    except Invalid as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        return False
    return True


@get_or_post
def project_no_award(request: Request, pk: UUID) -> HttpResponse:
    """End the evaluation without an award."""
    seen = project_or_404(request.user, pk)
    checks.check_award(seen.project, standing_of(request.user, business_date()))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.no_award(project=seen.project, reason=form.cleaned_data["reason"], by=request.user)
        return see_other("project_detail", pk)
    context = {
        "project": seen.project,
        "form": form,
        "title": _("End without an award"),
        "consequence": _("Every bidder reads your reason, and the ceiling goes back to your wallet."),
        "button": _("End without an award"),
        "back": reverse("project_detail", args=[pk]),
    }
    return _asked(request, form, context)


@get_or_post
def bid_disqualify(request: Request, pk: UUID, bid: UUID) -> HttpResponse:
    """Take an opened bid out of the ranking."""
    seen = project_or_404(request.user, pk)
    checks.check_disqualify(seen.project, standing_of(request.user, business_date()))
    chosen = opened_bid_or_404(request.user, seen.project, bid)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.disqualify(bid=chosen, reason=form.cleaned_data["reason"], by=request.user)
        return see_other("project_detail", pk)
    name = queries.bidder_name(chosen)
    context = {
        "project": seen.project,
        "form": form,
        "title": _("Disqualify the bid of %(bidder)s") % {"bidder": name},
        "consequence": _(
            "The bid leaves the ranking for good. %(bidder)s and every other bidder read your reason, and a second "
            "person reads it and has to agree before a bid that stands below it wins."
        )
        % {"bidder": name},
        "button": _("Disqualify this bid"),
        "back": reverse("project_detail", args=[pk]),
    }
    return _asked(request, form, context)


def _asked(request: Request, form: ReasonForm, context: dict[str, object]) -> HttpResponse:
    response = render(request, "projects/reason.html", context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response
