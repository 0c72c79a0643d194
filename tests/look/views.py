"""Pages that show every component with facts made up on the spot; no database is asked."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from core.errors import Denied
from core.look import Badge
from core.paging import Page
from people.models import User

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
OPEN = Badge("Open", "accent")
CLOSED = Badge("Closed", "warn", "lock")
AWARDED = Badge("Awarded", "good", "award")
CANCELLED = Badge("Cancelled", "bad")
DRAFT = Badge("Draft", "neutral", "pencil-line")


@dataclass(frozen=True)
class Row:
    """One project as the list shows it."""

    title: str
    buyer: str
    badge: Badge
    closes_at: datetime
    ceiling_minor: int | None
    pk: int = 0


TITLES = [
    ("Cold store monitoring for the Qingdao hub", "Blue Kettle", OPEN, 3, 48_000_000),
    ("Rework of the compressor test bench", "North Gate", OPEN, 30, 125_000_000),
    ("智能冰箱门体传感器开发", "Snow Line", OPEN, 70, 86_500_050),
    ("Payroll for three incubating firms", "Green Lamp", CLOSED, -2, 9_600_000),
    ("Service hotline, evening shift, Hefei", "Warm Floor", AWARDED, -60, 31_200_000),
    ("Packaging without foam for small appliances", "Paper Crane", OPEN, 400, None),
    ("Mould repair within 48 hours", "Steel Reed", CANCELLED, -200, 4_150_000),
    ("Translation of manuals into six languages", "Open Page", DRAFT, 600, 7_777_700),
]
ROWS = [Row(t, b, s, NOW + timedelta(hours=h), m, i) for i, (t, b, s, h, m) in enumerate(TITLES)]


class Filters(forms.Form):
    q = forms.CharField(label="Search projects", required=False, widget=forms.SearchInput)
    status = forms.ChoiceField(
        label="State", required=False, choices=[("", "Any"), ("open", "Open"), ("closed", "Closed")]
    )
    industry = forms.ChoiceField(
        label="Industry", required=False, choices=[("", "Any"), ("cold", "Cold chain"), ("home", "Smart home")]
    )
    currency = forms.ChoiceField(label="Currency", required=False, choices=[("", "Any"), ("CNY", "CNY")])
    outside = forms.BooleanField(label="Outside vendors invited", required=False)


class BidForm(forms.Form):
    price = forms.CharField(
        label="Price", help_text="Not above the ceiling of CN¥480,000.00.",
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip
    days = forms.IntegerField(label="Days until everything is delivered", min_value=1)
    plan = forms.CharField(
        label="Plan", widget=forms.Textarea, help_text="What you will do, in which order, and how the buyer sees it."
    )
    track = forms.ChoiceField(
        label="Who does the work", widget=forms.RadioSelect, help_text="It counts for the team, not for the price.",
        choices=[("own", "Our own members"), ("mixed", "Members and an outside partner")],
    )  # fmt: skip
    note = forms.CharField(label="Note to the panel", required=False)
    start = forms.DateField(label="Start", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    attachment = forms.FileField(label="Drawing", required=False)
    agree = forms.BooleanField(label="We have the people and the time", help_text="The panel may ask for names.")


def show(request: HttpRequest, name: str, **values: Any) -> HttpResponse:
    """Render a page of the gallery for somebody who may see every entry of the navigation."""
    request.user = User(name="Amara Okafor", email="amara@haier.example", roles=["finance", "steward"])
    return render(request, f"look/{name}.html", {"now": NOW, **values})


@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    hours = {"soon": 3, "later": 48, "far": 120}
    return show(request, "home", **{name: NOW + timedelta(hours=count) for name, count in hours.items()})


@login_not_required
def projects(request: HttpRequest) -> HttpResponse:
    form = Filters(request.GET)
    form.is_valid()
    before = "-x" if "cursor" in request.GET else None
    page: Page[Any] = Page(rows=ROWS, after="abc", before=before, count=201, capped=False)
    if request.headers.get("HX-Target") == "results":
        return render(request, "look/projects.html#results", {"now": NOW, "form": form, "page": page})
    return show(request, "projects", form=form, page=page)


@login_not_required
def nothing(request: HttpRequest) -> HttpResponse:
    form = Filters(request.GET)
    form.is_valid()
    page: Page[Any] = Page(rows=[], after=None, before=None, count=0, capped=False)
    return show(request, "projects", form=form, page=page)


@login_not_required
def project(request: HttpRequest) -> HttpResponse:
    return show(
        request, "project", badge=OPEN, closes=NOW + timedelta(hours=3), past=NOW - timedelta(days=1),
        older=NOW - timedelta(days=20), form=BidForm(),
    )  # fmt: skip


@login_not_required
def form(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Target") == "preview":
        return render(request, "look/form.html#preview", {"price": request.POST["price"]})
    if request.method == "POST":
        return redirect("project")
    typed = {"price": "480.000,5", "days": "0", "plan": "Sensors first, then the model.", "note": "We know the hub."}
    given = BidForm() if "clean" in request.GET else BidForm(typed)
    return show(request, "form", form=given)


@login_not_required
def statement(request: HttpRequest) -> HttpResponse:
    lines = [
        (date(2026, 11, 20), "Share of the night, Cold Chain", "Run of 20 Nov", 21_473_685, 98_210_412),
        (date(2026, 11, 19), "Share of the night, Cold Chain", "Run of 19 Nov", 1_204_000, 76_736_727),
        (date(2026, 11, 18), "Paid out to bank", "Payout 8841", -25_000_000, 75_532_727),
        (date(2026, 11, 15), "Draw", "Terms version 3", 600_000, 100_532_727),
    ]
    shares = (3, 9, 6, 12, 11, 0, 14, 22, 18, 25, 24, 30, 41)
    course = [(f"{day} Nov", share * 100_000) for day, share in enumerate(shares, start=8)]
    return show(request, "statement", lines=lines, course=course)


@login_not_required
def parts(request: HttpRequest) -> HttpResponse:
    messages.success(request, "Your bid is in. The receipt is on its page.")
    messages.error(request, "The wallet of Blue Kettle is short by CN¥12,000.00.")
    return show(
        request, "parts", tones=["neutral", "accent", "good", "warn", "bad"], left=timedelta(minutes=4),
        bars=[("Cold Chain", 120_000_000), ("Blue Kettle", 64_000_000), ("Steel Reed", -9_000_000), ("Paper Crane", 0)],
    )  # fmt: skip


@login_not_required
def refused(request: HttpRequest) -> HttpResponse:
    raise Denied("Only the leader of Cold Chain may withdraw this bid. Ask Amara Okafor until 21 Nov, 18:00 Shanghai.")


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "errors/500.html", {"bare": True}, status=500)
