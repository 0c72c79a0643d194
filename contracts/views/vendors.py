"""The pages of invitations: the buyer invites vendors and has links sent; somebody outside accepts one."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from contracts.access import project_or_404
from contracts.actions import vendors as actions
from contracts.actions.vendor_mails import is_for_the_firm
from contracts.actions.vendors import DeadLink
from contracts.forms.vendors import AcceptForm, AddressForm, InviteVendorForm
from contracts.lifecycle import project_badge
from contracts.models import Project, Vendor, VendorInvitation
from contracts.permissions import vendors as checks
from contracts.permissions.standing import standing_of
from contracts.queries import outside as queries
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid
from core.http import Request, see_other, unprocessable
from core.permissions import why_not

BACKEND = "people.backend.Backend"
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


# ------------------------------------------------------------------ the buyer


@get_or_post
def project_vendors(request: Request, pk: UUID) -> HttpResponse:
    """Which vendors are invited to a project, and a form to invite another while it is a draft."""
    now = market_now()
    project = project_or_404(request.user, pk).project
    who = standing_of(request.user, business_date(now))
    checks.check_see_vendors(project, who)
    form = InviteVendorForm(request.POST or None, project=project)
    if request.method == "POST":
        checks.check_invite(project, who)
        if form.is_valid() and done(form, lambda: _invite(project, form, request)):
            messages.success(request, _("Invited. The invitation goes out when the project is published."))
            return see_other("project_vendors", pk)
    context = {
        "now": now,
        "project": project,
        "badge": project_badge(project, now),
        "invited": queries.invited(project),
        "form": form,
        "address": AddressForm(auto_id=False),
        "is_draft": project.status == Project.Status.DRAFT,
        "why_not_invite": why_not(checks.check_invite, project, who),
        "why_not_send": why_not(checks.check_send_again, project, who, now),
    }
    response = render(request, "vendors/invited.html", context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response


def _invite(project: Project, form: InviteVendorForm, request: Request) -> None:
    typed = form.cleaned_data
    email, language = typed["email"], typed["language"] or "en"
    actions.invite(project=project, vendor=form.vendor(), email=email, language=language, by=request.user)


def done(form: Any, act: Callable[[], object]) -> bool:
    """Run the action; a refusal of what was typed goes beside its field."""
    try:
        act()
    except (Invalid, Conflict) as refusal:
        field = getattr(refusal, "field", None)
        form.add_error(field if field in form.fields else None, str(refusal.sentence))
        return False
    return True


@require_POST
def vendor_take_off(request: Request, pk: UUID, vendor: UUID) -> HttpResponse:
    """Take a vendor off the list of a draft."""
    project = project_or_404(request.user, pk).project
    actions.take_off(project=project, vendor=get_object_or_404(Vendor, pk=vendor), by=request.user)
    return see_other("project_vendors", pk)


@require_POST
def vendor_send(request: Request, pk: UUID, vendor: UUID) -> HttpResponse:
    """Send a link to an address of an invited vendor once more."""
    project = project_or_404(request.user, pk).project
    checks.check_send_again(project, standing_of(request.user, business_date()), market_now())
    form = AddressForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write a whole e-mail address, such as name@firm.example."))
        return see_other("project_vendors", pk)
    firm = get_object_or_404(Vendor, pk=vendor)
    actions.send_again(project=project, vendor=firm, **form.cleaned_data, by=request.user)
    messages.success(request, _("A link is on its way, if the address has no account yet."))
    return see_other("project_vendors", pk)


# ------------------------------------------------------------------ outside


@never_cache
@login_not_required
@sensitive_post_parameters("password")
@get_or_post
def vendor_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Make the account that an invitation promises, and sign in to it."""
    try:
        invitation = actions.invitation_for(token)
        # In the language of the mail, until the reader switches to another.
        chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
        with nullcontext() if chosen else override(invitation.language):
            return _accepting(request, token, invitation)
    except DeadLink as dead:
        return render(request, "vendors/dead_link.html", {"sentence": dead.sentence}, status=dead.status)


def _accepting(request: HttpRequest, token: str, invitation: VendorInvitation) -> HttpResponse:
    for_the_firm = is_for_the_firm(invitation)
    form = AcceptForm(request.POST or None)
    if form.is_valid():
        try:
            person = actions.accept(token=token, **form.cleaned_data)
        except Invalid as refusal:
            form.add_error(refusal.field, str(refusal.sentence))
        else:
            login(request, person, backend=BACKEND)
            return see_other("home") if for_the_firm else see_other("project_detail", invitation.project_id)
    context = {"invitation": invitation, "form": form, "for_the_firm": for_the_firm}
    response = render(request, "vendors/accept.html", context)
    return unprocessable(response) if form.is_bound else response
