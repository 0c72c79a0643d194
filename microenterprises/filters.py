"""The filters of the lists of MEs and ideas. The address is the state; each value shows as a removable chip."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from microenterprises.models import Idea, Microenterprise, Platform, Pledge
from microenterprises.queries import firms, ideas


def platforms(request: Any) -> QuerySet[Platform]:
    """The platforms to choose from."""
    return Platform.objects.order_by("name")


class MicroenterpriseFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Search by name; platform, kind, state, with open seats."""

    q = django_filters.CharFilter(label=_("Search"), field_name="name", lookup_expr="icontains")
    platform = django_filters.ModelChoiceFilter(label=_("Platform"), queryset=platforms, empty_label=_("All platforms"))
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=Microenterprise.Kind.choices, empty_label=_("All kinds")
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), field_name="status", choices=Microenterprise.Status.choices, empty_label=_("All states")
    )
    seats = django_filters.BooleanFilter(label=_("With open seats"), method="filter_seats", widget=forms.CheckboxInput)

    class Meta:
        model = Microenterprise
        fields: tuple[str, ...] = ()

    def filter_seats(self, rows: QuerySet[Microenterprise], name: str, value: bool | None) -> QuerySet[Microenterprise]:
        """An unticked box means: no matter."""
        return firms.with_open_seats(rows) if value else rows


class IdeaFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Search by title; state, platform, with open seats."""

    q = django_filters.CharFilter(label=_("Search"), field_name="title", lookup_expr="icontains")
    state = django_filters.ChoiceFilter(
        label=_("State"), field_name="status", choices=Idea.Status.choices, empty_label=_("All states")
    )
    platform = django_filters.ModelChoiceFilter(label=_("Platform"), queryset=platforms, empty_label=_("All platforms"))
    seats = django_filters.BooleanFilter(label=_("With open seats"), method="filter_seats", widget=forms.CheckboxInput)

    class Meta:
        model = Idea
        fields: tuple[str, ...] = ()

    def filter_seats(self, rows: QuerySet[Idea], name: str, value: bool | None) -> QuerySet[Idea]:
        """An unticked box means: no matter."""
        return ideas.with_open_seats(rows) if value else rows


class PledgeFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Search by the name of who pledged or the title of the idea."""

    q = django_filters.CharFilter(label=_("Search"), method="filter_words")

    class Meta:
        model = Pledge
        fields: tuple[str, ...] = ()

    def filter_words(self, rows: QuerySet[Pledge], name: str, value: str) -> QuerySet[Pledge]:
        """What a statement of the bank gives to search by."""
        return rows.filter(Q(person__name__icontains=value) | Q(idea__title__icontains=value))
