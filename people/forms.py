"""Forms of one's own pages."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from people import zones
from people.models import AlertMails, Skill, User


class PreferencesForm(forms.Form):
    """Language, time zone and how alerts come."""

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As my browser asks")), *settings.LANGUAGES],
        help_text=_("Of pages and e-mails."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("Deadlines always name the zone they are shown in.")
    )
    alert_mails = forms.ChoiceField(
        label=_("Alerts by e-mail"),
        required=False,
        choices=AlertMails.choices,
        help_text=_("Of projects you watch and filters you saved. On your pages they stand anyway."),
    )

    def __init__(self, data: Any = None, *, person: User, now: datetime) -> None:
        super().__init__(data, initial={name: getattr(person, name) for name in self.base_fields})
        company = str(_("The company's: %(zone)s")) % {"zone": settings.COMPANY_TIME_ZONE}
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            ("", company),
            *zones.choices(now, chosen=person.time_zone),
        ]


class SkillSearch(forms.Form):
    """Words of a skill."""

    q = forms.CharField(label=_("Search the ESCO skills"), required=False, max_length=100)


class SkillForm(forms.Form):
    """One skill by its number: added or taken back."""

    skill = forms.ModelChoiceField(queryset=Skill.objects.all())
    do = forms.ChoiceField(choices=[("add", "add"), ("remove", "remove")])
