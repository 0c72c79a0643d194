"""What a person types about a project: the draft, and why it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts import criteria, scoring
from contracts.actions.projects import ProjectDraft
from contracts.criteria import CriterionDraft
from contracts.forms.fields import FirmsField, LocalTimeField, PeopleField
from contracts.forms.words import PERCENT_BP, WordsForm, initial_words, of_two, which
from contracts.models import Project
from core.clock import business_date, market_now
from core.errors import Invalid
from microenterprises.models import Membership, Microenterprise
from people.fields import SkillsField
from people.models import User


@dataclass(frozen=True, slots=True)
class CriterionFields:
    """The three fields of one criterion."""

    title: BoundField
    judged: BoundField
    weight: BoundField

    @property
    def filled(self) -> bool:
        """Whether anything stands in them, or is wrong with them."""
        return any(field.value() or field.errors for field in (self.title, self.judged, self.weight))


class ProjectForm(WordsForm):
    """The draft of a project. Only title and deadline are asked for at once; publication asks for the rest."""

    TIMES = ("deadline", "opens_at")

    skills = SkillsField(
        label=gettext_lazy("Skills"),
        help_text=gettext_lazy("One per line, as in the ESCO list, for example: logistics."),
    )
    method = forms.ChoiceField(
        label=gettext_lazy("What decides"), choices=Project.Method.choices, widget=forms.RadioSelect
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
    opens_at_which = which(gettext_lazy("Which of the two bids are taken from"))
    admission = forms.ChoiceField(
        label=gettext_lazy("Who may bid"),
        choices=Project.Admission.choices,
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Frozen when you publish; everybody reads the list."),
    )
    invited = FirmsField(
        label=gettext_lazy("Invited MEs"),
        help_text=gettext_lazy("By name, one per line, two at least. Only for a project by invitation."),
    )
    teams_may_bid = forms.BooleanField(
        label=gettext_lazy("Teams of the talent pool may bid too"),
        required=False,
        help_text=gettext_lazy("People who wait in the pool and bid together. They launch their ME before they sign."),
    )

    promises_weight = forms.IntegerField(
        label=gettext_lazy("Weight of promises kept"),
        required=False,
        min_value=1,
        max_value=99,
        help_text=gettext_lazy(
            "Empty: they do not count. Nobody judges them: the points are the promise-kept score of the bidding ME at "
            "the deadline, and the panel judges the rest of quality."
        ),
    )
    two_envelopes = forms.BooleanField(
        label=gettext_lazy("Two envelopes"),
        required=False,
        help_text=gettext_lazy("Prices stay sealed until the panel has agreed on quality. For quality that counts."),
    )

    def __init__(
        self, data: Any = None, *, buyer: Microenterprise, reader: User, project: Project | None = None
    ) -> None:
        now = market_now()
        initial = _initial(project, reader, now)
        super().__init__(data, reader=reader, currency=buyer.currency, project=project, initial=initial)
        self.buyer = buyer
        self.fields |= criterion_fields()
        members = _members(buyer, now)
        self._field("panel", forms.ModelMultipleChoiceField).queryset = members
        self._field("acceptor", forms.ModelChoiceField).queryset = members.exclude(pk=reader.pk)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("method") == Project.Method.PRICE_QUALITY and cleaned.get("price_weight") is None:
            self.add_error("price_weight", _("Say how much price counts, 1 to 99; quality gets the rest."))
        if not any(name.startswith(("criterion_", "promises_")) for name in self.errors):
            try:
                criteria.check(self.typed_criteria(cleaned))
            except Invalid as refusal:
                field = refusal.field if refusal.field in self.fields else "criterion_1_title"
                self.add_error(field, str(refusal.sentence))
        return cleaned

    def typed_criteria(self, cleaned: Mapping[str, Any]) -> list[CriterionDraft]:
        """The criteria that were typed, in their order, kept promises last; rows left empty are none."""
        rows = [
            (cleaned.get(f"{name}_title", ""), cleaned.get(f"{name}_judged", ""), cleaned.get(f"{name}_weight"))
            for name in criterion_names()
        ]
        judged = [
            CriterionDraft(title, text, (weight or 0) * PERCENT_BP)
            for title, text, weight in rows
            if title or text or weight
        ]
        promised = cleaned.get("promises_weight")
        return [*judged, criteria.of_promises(promised * PERCENT_BP)] if promised else judged

    def criterion_rows(self) -> list[CriterionFields]:
        """The fields of the criteria, for the template."""
        return [
            CriterionFields(self[f"{name}_title"], self[f"{name}_judged"], self[f"{name}_weight"])
            for name in criterion_names()
        ]

    @property
    def names_criteria(self) -> bool:
        """Whether anything stands in the rows of criteria, so that they are open to the eye."""
        promised = self["promises_weight"]
        return bool(promised.value() or promised.errors) or any(row.filled for row in self.criterion_rows())

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
            measure=self.measure(),
            milestones=self.proposed(),
            admission=typed["admission"] or Project.Admission.OPEN,
            invited=typed["invited"],
            teams_may_bid=typed["teams_may_bid"],
            criteria=self.typed_criteria(typed),
            two_envelopes=typed["two_envelopes"],
        )


def criterion_names() -> list[str]:
    """What the fields of each criterion begin with."""
    return [f"criterion_{place}" for place in range(1, criteria.MOST_CRITERIA + 1)]


def criterion_fields() -> dict[str, forms.Field]:
    """Title, what is judged and weight of every criterion one may name."""
    found: dict[str, forms.Field] = {}
    for place, name in enumerate(criterion_names(), start=1):
        words = {"number": place}
        found[f"{name}_title"] = forms.CharField(
            label=_("Criterion %(number)s") % words, required=False, max_length=criteria.LONGEST_TITLE
        )
        found[f"{name}_judged"] = forms.CharField(
            label=_("What is judged by criterion %(number)s") % words,
            required=False,
            max_length=criteria.LONGEST_JUDGED,
            help_text=_("Bidders answer to it, and the panel judges the answer."),
        )
        found[f"{name}_weight"] = forms.IntegerField(
            label=_("Weight of criterion %(number)s") % words, required=False, min_value=1, max_value=100
        )
    return found


def initial_criteria(project: Project) -> dict[str, Any]:
    """What the rows start with: the criteria somebody typed."""
    rows = list(project.criteria.order_by("place"))
    promised = next((each.weight_bp // PERCENT_BP for each in rows if not each.by_panel), None)
    found: dict[str, Any] = {"promises_weight": promised}
    for name, each in zip(criterion_names(), criteria.asking(rows), strict=False):
        found |= {
            f"{name}_title": each.title,
            f"{name}_judged": each.judged,
            f"{name}_weight": each.weight_bp // PERCENT_BP,
        }
    return found


def _members(firm: Microenterprise, now: datetime) -> QuerySet[User]:
    places = Membership.objects.active(business_date(now)).filter(microenterprise=firm)
    return User.objects.filter(pk__in=places.values("person"), is_active=True).order_by("name")


def _initial(project: Project | None, reader: User, now: datetime) -> dict[str, Any]:
    if project is None or project.buyer is None:
        zone = reader.time_zone or settings.COMPANY_TIME_ZONE
        return {
            "method": Project.Method.LOWEST_PRICE,
            "pass_mark": 0,
            "zone": zone,
            "admission": Project.Admission.OPEN,
            "teams_may_bid": True,
        }
    place = ZoneInfo(project.deadline_zone)
    invited = Microenterprise.objects.living().filter(pk__in=project.invited.values("microenterprise"))
    panel = [row.person for row in project.panel.select_related("person")]
    inside = set(_members(project.buyer, now).values_list("pk", flat=True))
    return initial_words(project) | {
        "skills": list(project.skills.order_by("label")),
        "method": project.method,
        "panel": [person.pk for person in panel if person.pk in inside],
        "panel_others": [p for p in panel if p.pk not in inside and p.is_active and not p.is_vendor],
        "acceptor": project.acceptor_id,
        "opens_at": project.opens_at.astimezone(place) if project.opens_at else None,
        "opens_at_which": of_two(project.opens_at, place) if project.opens_at else "",
        "admission": project.admission,
        "invited": list(invited.order_by("name")),
        "teams_may_bid": project.teams_may_bid,
        "two_envelopes": project.two_envelopes,
        **initial_criteria(project),
    }


class ReasonForm(forms.Form):
    """Why something ends; others read it."""

    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
