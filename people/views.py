"""One's own pages: preferences, skills, notices. Load, act, answer."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override
from django.views.decorators.http import require_http_methods, require_POST

from core.clock import market_now
from core.http import Request, see_other, unprocessable
from core.paging import page
from people import forms, preferences
from people.models import CalendarKey, Notice, Skill

FOUND = 20
"""How many skills a search shows; the page says when there are more."""


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: Request) -> HttpResponse:
    """What the market knows of me; language and time zone are mine to set."""
    now = market_now()
    form = forms.PreferencesForm(request.POST or None, person=request.user, now=now)
    if request.method == "POST" and form.is_valid():
        preferences.choose(person=request.user, by=request.user, **form.cleaned_data)
        return _in_language(request, form.cleaned_data["language"])
    context = {
        "now": now,
        "form": form,
        "skills": Skill.objects.filter(people=request.user).order_by("label"),
        "calendar_key": CalendarKey.objects.filter(person=request.user).first(),
    }
    response = render(request, "people/profile.html", context)
    return unprocessable(response) if form.errors else response


def _in_language(request: Request, language: str) -> HttpResponse:
    """Answer in the language just chosen; the cookie of the switch must not stand against it."""
    with override(language or None):
        messages.success(request, _("Saved."))
    response = see_other("profile")
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: Request) -> HttpResponse:
    """The address of my calendar: make it, make a new one, end it.

    A new address is shown once and stored nowhere, so the POST that makes it answers with the page itself.
    """
    do = request.POST.get("do", "")
    if do == "end":
        preferences.revoke_calendar(by=request.user)
        messages.success(request, _("The address of your calendar no longer works."))
        return see_other("my_calendar")
    token = preferences.renew_calendar(by=request.user) if do == "renew" else ""
    key = CalendarKey.objects.filter(person=request.user).first()
    address = f"{settings.PUBLIC_URL}{reverse('calendar_feed', args=[token])}" if token else ""
    return render(request, "people/calendar.html", {"key": key, "address": address})


@require_http_methods(["GET", "HEAD", "POST"])
def skills(request: Request) -> HttpResponse:
    """My skills: find one by words, add it, take one back."""
    if request.method == "POST":
        return _change_skill(request)
    form = forms.SkillSearch(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    mine = list(Skill.objects.filter(people=request.user).order_by("label"))
    others = Skill.objects.exclude(pk__in=[skill.pk for skill in mine]).order_by("label")
    found = list(others.filter(label__icontains=text)[: FOUND + 1]) if text else []
    context = {"form": form, "text": text, "mine": mine, "found": found[:FOUND], "more": len(found) > FOUND}
    template = "people/skills.html#results" if request.htmx.target == "results" else "people/skills.html"
    return render(request, template, context)


def _change_skill(request: Request) -> HttpResponse:
    form = forms.SkillForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This skill is not in the ESCO list. Search for another word."))
        return see_other("my_skills")
    skill = form.cleaned_data["skill"]
    if form.cleaned_data["do"] == "add":
        preferences.add_skill(person=request.user, skill=skill, by=request.user)
        messages.success(request, _("Added: %(skill)s") % {"skill": skill.label})
    else:
        preferences.remove_skill(person=request.user, skill=skill, by=request.user)
        messages.success(request, _("Taken back: %(skill)s") % {"skill": skill.label})
    return see_other("my_skills")


@require_http_methods(["GET", "HEAD", "POST"])
def notice_list(request: Request) -> HttpResponse:
    """All my notices, newest first; a POST marks all of them as read."""
    if request.method == "POST":
        count = preferences.read_all(by=request.user)
        messages.success(
            request, ngettext("%(count)s notice read.", "%(count)s notices read.", count) % {"count": count}
        )
        return see_other("notice_list")
    rows = Notice.objects.filter(person=request.user)
    found = page(rows, order=("-created_at", "id"), cursor=request.GET.get("cursor"))
    unread = any(notice.read_at is None for notice in found.rows)
    return render(request, "people/notices.html", {"page": found, "unread": unread})


@require_POST
def notice_read(request: Request, pk: UUID) -> HttpResponse:
    """Mark one notice as read and go where it points."""
    notice = get_object_or_404(Notice.objects.filter(person=request.user).select_related("person"), pk=pk)
    preferences.read_notice(notice=notice, by=request.user)
    ours = url_has_allowed_host_and_scheme(notice.link, {request.get_host()}, require_https=request.is_secure())
    return see_other(notice.link if notice.link.startswith("/") and ours else "notice_list")
