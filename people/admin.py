"""HR's people records in the admin site."""

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin import MarketModelAdmin
from core.errors import DomainError
from people import actions
from people.models import Role, Skill, User


class PersonForm(forms.ModelForm[User]):
    """A person's record with roles as boxes to tick."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    editor: ClassVar[User | None] = None

    class Meta:
        model = User
        fields = list(actions.CORRECTABLE)

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_time_zone(self) -> str:
        """A zone that does not exist would break every page that shows the person a time."""
        name = str(self.cleaned_data["time_zone"])
        if name and name not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone. Write it like Asia/Shanghai."))
        return name

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if self.editor is not None and not self.instance._state.adding and "roles" in found:
            saved = User.objects.get(pk=self.instance.pk)
            try:
                actions.check_roles(self.editor, saved, found["roles"])
            except DomainError as refusal:
                self.add_error("roles", str(refusal.sentence))
        return found


class PersonAdmin(MarketModelAdmin[User]):
    """The record itself. The talent pool registers it, because it also shows where somebody works."""

    seen_by = ("hr", "steward", "auditor")
    changed_by = ("hr",)
    added_by = ("hr",)
    form = PersonForm
    list_display: tuple[str, ...] = ("name", "email", "employee_number", "location", "is_active")
    list_filter = ("is_active", "language")
    search_fields = ("name", "email", "employee_number")
    search_help_text = _("Name, e-mail address or employee number")
    ordering = ("name", "id")
    fields = actions.CORRECTABLE
    readonly_fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """HR keeps every account. Readers see colleagues: that an outside vendor signs in hints who bids (rule 2)."""
        found = super().get_queryset(request)
        user: Any = request.user
        return found if user.has_role(Role.HR) else found.exclude(roles__contains=[Role.VENDOR.value])

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        found: Any = super().get_form(request, obj, change=change, **kwargs)
        return type("PersonFormFor", (found,), {"editor": request.user})

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        by: Any = request.user
        if not change:
            hired = actions.hire(facts={name: form.cleaned_data[name] for name in actions.CORRECTABLE}, by=by)
            obj.pk, obj._state.adding = hired.pk, False
        elif form.changed_data:
            actions.correct(person=obj, changes={n: form.cleaned_data[n] for n in form.changed_data}, by=by)


@admin.register(Skill)
class SkillAdmin(MarketModelAdmin[Skill]):
    list_display = ("label", "reuse_level", "concept_uri")
    list_filter = ("reuse_level",)
    search_fields = ("label",)
