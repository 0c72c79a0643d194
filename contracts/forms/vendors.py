"""What is typed about outside vendors: whom a buyer invites, and who accepts."""

from typing import Any

from babel import Locale
from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.actions.vendors import NewVendor
from contracts.models import Project, Vendor
from core.money import locale_name


def countries() -> list[tuple[str, str]]:
    """Every country by its name in the reader's language, with its two letters."""
    names = Locale.parse(locale_name()).territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in NO_LAND]
    return sorted(found, key=lambda row: row[1])


NO_LAND = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})
"""Codes of two letters that are no country."""


def language_field(**options: Any) -> forms.ChoiceField:
    """In which language somebody is written to who has chosen none yet."""
    return forms.ChoiceField(label=gettext_lazy("Language of the invitation"), **options)


class InviteVendorForm(forms.Form):
    """A vendor that is known, or the name, country and address of a new one."""

    known = forms.ModelChoiceField(
        label=gettext_lazy("A vendor that is known"),
        queryset=Vendor.objects.none(),
        required=False,
        empty_label=gettext_lazy("Another one, named below"),
    )
    name = forms.CharField(label=gettext_lazy("Name of the firm"), max_length=160, required=False)
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False)
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("Of the person who will bid. For a known vendor it may stay empty."),
    )
    language = language_field(
        choices=settings.LANGUAGES,
        required=False,
        help_text=gettext_lazy("Later mails follow what the person chooses."),
    )

    def __init__(self, data: Any = None, *, project: Project) -> None:
        super().__init__(data)
        free = Vendor.objects.known_to(project).exclude(pk__in=project.invited_vendors.values("vendor"))
        self.fields["known"].queryset = free  # type: ignore[attr-defined]
        self.fields["country"].choices = [("", _("Choose a country")), *countries()]  # type: ignore[attr-defined]

    def vendor(self) -> Vendor | NewVendor:
        """Whom the form names."""
        typed = self.cleaned_data
        known: Vendor | None = typed["known"]
        return known or NewVendor(typed["name"], typed["country"])


class AddressForm(forms.Form):
    """An address at an invited vendor, to be written to again or for the first time."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    language = language_field(choices=[("", gettext_lazy("As before")), *settings.LANGUAGES], required=False)


class ColleagueForm(forms.Form):
    """Another person of a known vendor, and why they are believed to be of it."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    reason = forms.CharField(
        label=gettext_lazy("How you made sure that this person belongs to the firm"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The steward who agrees reads it."),
    )
    language = language_field(choices=settings.LANGUAGES)


class AcceptForm(forms.Form):
    """Who accepts the invitation of a vendor."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=200,
        help_text=gettext_lazy("It is shown with the name of your firm."),
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy("At least 10 signs, and none that is easy to guess."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
