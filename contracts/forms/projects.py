"""What a person types about a project: the draft, and why it ends."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts import scoring
from contracts.actions.projects import ProjectDraft
from contracts.forms.fields import LocalTimeField, PeopleField, instant_of, zone_choices
from contracts.models import Project
from core.clock import business_date, market_now
from core.errors import Invalid
from core.fields import MoneyField
from microenterprises.models import Membership, Microenterprise
from people.fields import SkillsField
from people.models import User

PERCENT_BP = 100


class ProjectForm(forms.Form):
    """The draft of a project. Only title and deadline are asked for at once; publication asks for the rest."""

    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=160, help_text=gettext_lazy("What is needed, in a few words.")
    )
    need = forms.CharField(
        label=gettext_lazy("Need"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("What is needed, and for which customer."),
    )
    success_measure = forms.CharField(
        label=gettext_lazy("What success means"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Metric, where it stands today, the target, and how and by whom it is measured."),
    )
    skills = SkillsField(
        label=gettext_lazy("Skills"),
        help_text=gettext_lazy("One per line, as in the ESCO list, for example: logistics."),
    )
    ceiling = MoneyField(
        label=gettext_lazy("Ceiling"),
        help_text=gettext_lazy("The most you will pay. It is held from your wallet and shown to all."),
    )
    method = forms.ChoiceField(
        label=gettext_lazy("What decides"), choices=Project.Method.choices, widget=forms.RadioSelect
    )
    price_weight = forms.IntegerField(
        label=gettext_lazy("Weight of price"),
        required=False,
        min_value=1,
        max_value=99,
        help_text=gettext_lazy("For price and quality: 1 to 99; quality gets the rest."),
    )
    pass_mark = forms.IntegerField(
        label=gettext_lazy("Pass mark for quality"),
        required=False,
        min_value=0,
        max_value=scoring.FULL,
        help_text=gettext_lazy("Of 10,000 points. 0: no bid is refused for its quality."),
    )
    panel = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Panel from your ME"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("They judge quality. MEs of panel members cannot bid."),
    )
    panel_others = PeopleField(
        label=gettext_lazy("Panel from elsewhere"),
        help_text=gettext_lazy("E-mail addresses of colleagues, one per line."),
    )
    acceptor = forms.ModelChoiceField(
        label=gettext_lazy("Who accepts the work"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Choose before you publish"),
        help_text=gettext_lazy("A member of your ME. Who awards is not who accepts."),
    )
    opens_at = LocalTimeField(
        label=gettext_lazy("Bids from"), required=False, help_text=gettext_lazy("Empty: as soon as you publish.")
    )
    deadline = LocalTimeField(
        label=gettext_lazy("Deadline"),
        help_text=gettext_lazy("At this instant exactly a bid is late. Bids open by themselves then."),
    )
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), help_text=gettext_lazy("Of both times above."))

    def __init__(
        self, data: Any = None, *, buyer: Microenterprise, reader: User, project: Project | None = None
    ) -> None:
        now = market_now()
        super().__init__(data, initial=_initial(project, reader, now))
        self.buyer = buyer
        members = _members(buyer, now)
        self._field("panel", forms.ModelMultipleChoiceField).queryset = members
        self._field("acceptor", forms.ModelChoiceField).queryset = members.exclude(pk=reader.pk)
        self._field("ceiling", MoneyField).currency = buyer.currency
        chosen = project.deadline_zone if project is not None else ""
        self._field("zone", forms.ChoiceField).choices = zone_choices(
            chosen, reader.time_zone, settings.COMPANY_TIME_ZONE
        )

    def _field(self, name: str, kind: Any) -> Any:
        found = self.fields[name]
        if not isinstance(found, kind):
            raise TypeError(name)
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("opens_at", "deadline"):
            local, zone = cleaned.get(name), cleaned.get("zone")
            if isinstance(local, datetime) and zone:
                try:
                    cleaned[name] = instant_of(local, zone)
                except Invalid as wrong:
                    self.add_error(name, str(wrong))
        if cleaned.get("method") == Project.Method.PRICE_QUALITY and cleaned.get("price_weight") is None:
            self.add_error("price_weight", _("Say how much price counts, 1 to 99; quality gets the rest."))
        return cleaned

    def draft(self) -> ProjectDraft:
        """What was typed, for the actions."""
        typed = self.cleaned_data
        weighs = typed["method"] == Project.Method.PRICE_QUALITY
        return ProjectDraft(
            title=typed["title"],
            need=typed["need"],
            success_measure=typed["success_measure"],
            ceiling_minor=typed["ceiling"],
            deadline=typed["deadline"],
            deadline_zone=typed["zone"],
            opens_at=typed["opens_at"],
            method=typed["method"],
            price_weight_bp=typed["price_weight"] * PERCENT_BP if weighs else scoring.FULL,
            pass_mark=typed["pass_mark"] or 0,
            acceptor=typed["acceptor"],
            panel=[*typed["panel"], *typed["panel_others"]],
            skills=typed["skills"],
        )


def _members(firm: Microenterprise, now: datetime) -> QuerySet[User]:
    places = Membership.objects.active(business_date(now)).filter(microenterprise=firm)
    return User.objects.filter(pk__in=places.values("person"), is_active=True).order_by("name")


def _initial(project: Project | None, reader: User, now: datetime) -> dict[str, Any]:
    if project is None or project.buyer is None:
        zone = reader.time_zone or settings.COMPANY_TIME_ZONE
        return {"method": Project.Method.LOWEST_PRICE, "pass_mark": 0, "zone": zone}
    place = ZoneInfo(project.deadline_zone)
    panel = [row.person for row in project.panel.select_related("person")]
    inside = set(_members(project.buyer, now).values_list("pk", flat=True))
    return {
        "title": project.title,
        "need": project.need,
        "success_measure": project.success_measure,
        "skills": list(project.skills.order_by("label")),
        "ceiling": project.ceiling_minor,
        "method": project.method,
        "price_weight": project.price_weight_bp // PERCENT_BP if project.price_weight_bp < scoring.FULL else None,
        "pass_mark": project.pass_mark,
        "panel": [person.pk for person in panel if person.pk in inside],
        "panel_others": [person for person in panel if person.pk not in inside],
        "acceptor": project.acceptor_id,
        "opens_at": project.opens_at.astimezone(place) if project.opens_at else None,
        "deadline": project.deadline.astimezone(place),
        "zone": project.deadline_zone,
    }


class ReasonForm(forms.Form):
    """Why something ends; others read it."""

    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
