"""The filters of the project list. The address is the state: what cannot be read of it is said beside the field."""

from copy import copy
from datetime import datetime
from typing import Any, Final

from django import forms
from django.conf import settings
from django.db.models import BigIntegerField, DateTimeField, Field, QuerySet, TextField, UUIDField, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy

from contracts.lifecycle import Phase
from contracts.models import Project
from contracts.permissions.standing import Standing
from contracts.queries import projects as queries
from contracts.queries.finding import watched
from contracts.tables import COLUMNS, USUAL_COLUMNS
from core.fields import FewField, MoneyField, shares_fields
from core.paging import COUNT_CAP
from core.prepared import Asked, Bound, Unseen
from microenterprises.models import Microenterprise, Platform
from people.models import Skill

REFERENCE = "reference"
ORDERS: dict[str, tuple[str, ...]] = {
    "newest": ("-published_at", "id"),
    "deadline": ("deadline", "id"),
    "latest": ("-deadline", "id"),
    "ceiling": ("-ceiling_minor", "id"),
    "small": ("ceiling_minor", "id"),
}
_TYPED: Final[dict[str, Field[Any, Any]]] = {
    "q": TextField(),
    "currency": TextField(),
    "least": BigIntegerField(),
    "most": BigIntegerField(),
}
"""Filters of which only the value differs from reader to reader."""
_OWN_WAYS: Final = ("can_bid", "watching", "skill", "platform", "buyer")
"""Filters that are asked rarely or by their own statement for each reader."""
FEW: Final = 100
"""Where the count of a search by words stops."""


@shares_fields
class ProjectFilters(forms.Form):
    """Search, filters and order; `found` applies them."""

    follows_from_address = True

    q = forms.CharField(label=gettext_lazy("Search titles"), required=False, max_length=100)
    phase = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("Any state")),
            *Phase.choices,
            (REFERENCE, gettext_lazy("Real tenders for reference")),
        ],
    )
    order = forms.ChoiceField(
        label=gettext_lazy("Order"),
        required=False,
        choices=[
            ("", gettext_lazy("As suits the state")),
            ("newest", gettext_lazy("Newest first")),
            ("deadline", gettext_lazy("Earliest deadline first")),
            ("latest", gettext_lazy("Latest deadline first")),
            ("ceiling", gettext_lazy("Largest ceiling first")),
            ("small", gettext_lazy("Smallest ceiling first")),
        ],
    )
    can_bid = forms.BooleanField(label=gettext_lazy("I can bid"), required=False)
    watching = forms.BooleanField(label=gettext_lazy("Watching"), required=False)
    soon = forms.BooleanField(label=gettext_lazy("Closes within a day"), required=False)
    skill = forms.CharField(label=gettext_lazy("Skill"), required=False, max_length=100)
    platform = FewField(
        label=gettext_lazy("Platform"),
        required=False,
        queryset=Platform.objects.order_by("name"),
        label_column="name",
        empty_label=gettext_lazy("Any platform"),
    )
    currency = forms.RegexField(label=gettext_lazy("Currency"), required=False, regex=r"^[A-Za-z]{3}$", max_length=3)
    least = MoneyField(label=gettext_lazy("Ceiling from"), required=False)
    most = MoneyField(label=gettext_lazy("Ceiling up to"), required=False)
    buyer = forms.ModelChoiceField(
        label=gettext_lazy("Buyer"), required=False, queryset=Microenterprise.objects.all(), widget=forms.HiddenInput
    )
    columns = forms.MultipleChoiceField(
        label=gettext_lazy("Columns"),
        required=False,
        choices=[(name, column.label) for name, column in COLUMNS.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("With none chosen: state, buyer, deadline and ceiling."),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        typed = str(data.get("currency", "")).upper()
        for name in ("least", "most"):
            field = self.fields[name]
            if isinstance(field, MoneyField):
                field.currency = typed if len(typed) == 3 and typed.isalpha() else settings.COMPANY_CURRENCY

    def clean_currency(self) -> str:
        """In capitals, as currencies are kept."""
        return str(self.cleaned_data["currency"]).upper()

    def order_by(self) -> tuple[str, ...]:
        """The order asked for; by default open and closed projects by deadline and everything else newest first.

        Closed ones are few at any time, and an index by status and deadline has them side by side.
        """
        chosen = self._chosen("order")
        if self._chosen("phase") == Phase.DRAFT and chosen in ("", None, "newest"):
            chosen = "deadline"
        if chosen:
            return ORDERS[chosen]
        if self._chosen("phase") == Phase.CLOSED:
            return ORDERS["latest"]
        urgent = self._chosen("phase") == Phase.OPEN or self._chosen("soon") or self._chosen("can_bid")
        return ORDERS["deadline" if urgent else "newest"]

    def count_to(self) -> int:
        """Where the count stops. A word that is in many titles is looked for in each of them: there it stops early."""
        return FEW if self._chosen("q") else COUNT_CAP

    def shown_columns(self) -> frozenset[str]:
        """What the list shows beside the title: the columns chosen, or the usual ones."""
        return frozenset(self._chosen("columns") or USUAL_COLUMNS)

    def found(self, projects: QuerySet[Project], who: Standing, now: datetime | Bound) -> QuerySet[Project]:
        """`projects` as filtered. Rows without the value they are ordered by (drafts, references) are left out."""
        projects = self.fitting(projects, now)
        if self._chosen("can_bid"):
            projects = queries.can_bid(projects, who, now)
        if self._chosen("watching"):
            projects = watched(projects, who.user)
        return projects.filter(**{f"{self.order_by()[0].lstrip('-')}__isnull": False})

    def asked(self, who: Standing, now: datetime) -> Asked[queries.Listed]:
        """What `found` finds for a reader, as listed, prepared where many readers ask alike."""
        user = who.user
        if any(self._chosen(name) for name in _OWN_WAYS):
            return Asked(
                lambda: self.found(Project.objects.visible_to(user), who, now),
                make=queries.Listed._make,
                shown=queries.as_listed,
            )
        typed = {name: self._chosen(name) for name in _TYPED if self._chosen(name) not in (None, "")}
        shape = ("projects", user.is_vendor, self._chosen("phase"), self._chosen("soon"), self.order_by(), *typed)
        unsaid = copy(self)
        unsaid.cleaned_data = {**self.cleaned_data, **{name: Bound(name, _TYPED[name]) for name in typed}}

        def build() -> "QuerySet[Project, Any]":
            # By the time of publication there are published ones only, which all colleagues see.
            all_see = self.order_by() == ORDERS["newest"] and not user.is_vendor
            projects = Project.objects.all()
            seen = projects.published() if all_see else projects.visible_to(user, Bound("reader", UUIDField()))
            found = unsaid.found(seen, who, Unseen("now", DateTimeField()))
            return found if typed else queries.as_listed(found)

        return Asked(
            build,
            shape,
            {**typed, "reader": user.pk, "now": now},
            make=queries.Listed._make,
            planned_anew=bool(typed),
            shown=queries.as_listed if typed else None,
        )

    def fitting(self, projects: QuerySet[Project], now: datetime | Bound) -> QuerySet[Project]:
        """`projects` as filtered by all that is the same for every reader."""
        projects = self._by_state(projects, now)
        projects = self._by_words(projects)
        projects = self._by_money(projects)
        if self._chosen("platform"):
            projects = projects.filter(buyer__platform=self._chosen("platform"))
        if self._chosen("buyer"):
            projects = projects.filter(buyer=self._chosen("buyer"))
        return projects

    def _chosen(self, name: str) -> Any:
        if not self.is_bound or not self.is_valid():
            return getattr(self, "cleaned_data", {}).get(name)
        return self.cleaned_data.get(name)

    def _by_state(self, projects: QuerySet[Project], now: datetime | Bound) -> QuerySet[Project]:
        phase = self._chosen("phase")
        if phase == REFERENCE:
            projects = projects.filter(buyer=None)
        elif phase:
            projects = queries.in_phase(projects, phase, now)
        if self._chosen("soon"):
            projects = queries.closing_soon(projects, now)
        return projects

    def _by_words(self, projects: QuerySet[Project]) -> QuerySet[Project]:
        if words := self._chosen("q"):
            capitals = Upper(words if isinstance(words, Bound) else Value(words))
            projects = projects.filter(title_capitals__contains=capitals)
        if skill := self._chosen("skill"):
            named = Skill.objects.filter(label__icontains=skill).values("pk")
            tagged = Project.skills.through.objects.filter(skill__in=named).values("project")
            projects = projects.filter(pk__in=tagged)
        return projects

    def _by_money(self, projects: QuerySet[Project]) -> QuerySet[Project]:
        currency, least, most = self._chosen("currency"), self._chosen("least"), self._chosen("most")
        if least is not None or most is not None:
            # A range is in one currency: totals of different ones are never compared.
            currency = currency or settings.COMPANY_CURRENCY
        if currency:
            projects = projects.filter(currency=currency)
        if least is not None:
            projects = projects.filter(ceiling_minor__gte=least)
        if most is not None:
            projects = projects.filter(ceiling_minor__lte=most)
        return projects
