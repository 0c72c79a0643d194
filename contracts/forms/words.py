"""What a project says, as a form: shared by its draft and by a change of it. Shape in, nothing decided."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts import scoring, zones
from contracts.forms.fields import LocalTimeField
from contracts.measures import LONGEST_PART, Measure, own_sentence
from contracts.models import Project
from contracts.proposed import LONGEST_DAYS, LONGEST_TITLE, MOST_PROPOSED, Proposed, proposed_of
from core.errors import Invalid
from core.fields import MoneyField
from microenterprises.forms.fields import PercentField
from people.models import User

PERCENT_BP = 100
ROWS_TO_ADD = 3
MILESTONES = "milestone"
SCALE = [(zones.FIRST, gettext_lazy("the first")), (zones.SECOND, gettext_lazy("the second"))]


def _part(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=LONGEST_PART)


def which(label: Any) -> forms.ChoiceField:
    """Which of two instants a local time means; asked only where it comes twice."""
    return forms.ChoiceField(label=label, choices=SCALE, required=False, widget=forms.RadioSelect)


class MilestoneForm(forms.Form):
    """One proposed milestone; a row left or made empty is none."""

    title = forms.CharField(label=gettext_lazy("What is delivered"), max_length=LONGEST_TITLE)
    share = PercentField(label=gettext_lazy("Share of the price"))
    days = forms.IntegerField(label=gettext_lazy("Days after signing"), min_value=1, max_value=LONGEST_DAYS)

    def has_changed(self) -> bool:
        """Whether anything stands in the row; Django asks before it calls an empty one wrong."""
        return any(str(self.data.get(self.add_prefix(name), "")).strip() for name in self.fields)


MilestoneForms = forms.formset_factory(
    MilestoneForm, extra=ROWS_TO_ADD, max_num=MOST_PROPOSED, absolute_max=MOST_PROPOSED + 10, validate_max=True
)


class WordsForm(forms.Form):
    """Title, need, what success means, ceiling, criteria, milestones and times; `TIMES` share one zone."""

    TIMES: Sequence[str] = ("deadline",)

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
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("In one or two sentences, or part by part below."),
    )
    measure_metric = _part(gettext_lazy("Metric"), gettext_lazy("What is counted, for example: spoiled deliveries."))
    measure_baseline = _part(gettext_lazy("Where it stands today"))
    measure_target = _part(gettext_lazy("Target"))
    measure_how = _part(gettext_lazy("How it is measured"))
    measure_by = _part(gettext_lazy("Who measures"))
    ceiling = MoneyField(
        label=gettext_lazy("Ceiling"),
        help_text=gettext_lazy("The most you will pay. It is held from your wallet and shown to all."),
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
    deadline = LocalTimeField(
        label=gettext_lazy("Deadline"),
        help_text=gettext_lazy("At this instant exactly a bid is late. Bids open by themselves then."),
    )
    deadline_which = which(gettext_lazy("Which of the two is the deadline"))
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), help_text=gettext_lazy("The local time is one of there."))

    def __init__(self, data: Any, *, reader: User, currency: str, project: Project | None, initial: Any) -> None:
        super().__init__(data, initial=initial)
        self._field("ceiling", MoneyField).currency = currency
        chosen = project.deadline_zone if project is not None else ""
        self._field("zone", forms.ChoiceField).choices = zones.choices(
            chosen, reader.time_zone, settings.COMPANY_TIME_ZONE
        )
        rows = proposed_of(project) if project is not None else []
        # A client that knows no milestones leaves those that are there.
        self._kept = rows
        sent = data if data is not None and f"{MILESTONES}-TOTAL_FORMS" in data else None
        self.milestones = MilestoneForms(
            sent,
            prefix=MILESTONES,
            initial=[{"title": row.title, "share": row.share_bp, "days": row.days} for row in rows],
            form_kwargs={"empty_permitted": True},
        )
        self.asked: set[str] = set()
        if data is None and project is not None:
            for name in self.TIMES:
                instant = getattr(project, name)
                if instant is not None:
                    self._ask(name, zones.comes_twice(instant, project.deadline_zone))

    def _field(self, name: str, kind: Any) -> Any:
        found = self.fields[name]
        if not isinstance(found, kind):
            raise TypeError(name)
        return found

    def _ask(self, name: str, twice: zones.Twice | None) -> None:
        """Let the page ask which of the two instants is meant."""
        if twice is not None:
            self.asked.add(name)
            self._field(f"{name}_which", forms.ChoiceField).choices = zones.which_choices(twice)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.TIMES:
            self._clean_time(cleaned, name)
        if self.milestones.is_bound and not self.milestones.is_valid():
            self.add_error(None, _("A milestone below cannot be read; it says what to mend."))
        if self.lacks_measure(cleaned) and "success_measure" not in self.errors:
            self.add_error("success_measure", _("Say what success means, here or in the parts below."))
        return cleaned

    def lacks_measure(self, cleaned: dict[str, Any]) -> bool:
        """Whether nothing says what success means."""
        return not cleaned.get("success_measure") and not self.measure().is_given

    def _clean_time(self, cleaned: dict[str, Any], name: str) -> None:
        local, zone = cleaned.get(name), cleaned.get("zone")
        if not isinstance(local, datetime) or not zone:
            return
        try:
            cleaned[name] = zones.instant_of(local, zone, cleaned.get(f"{name}_which") or "")
        except zones.ComesTwiceError as wrong:
            self._ask(name, wrong.twice)
            self.add_error(name, str(wrong))
        except Invalid as wrong:
            self.add_error(name, str(wrong))
        else:
            # Asked again with what was chosen, should something else be wrong.
            self._ask(name, zones.comes_twice(cleaned[name], zone))

    def see(self, version: int) -> None:
        """Sent again, the form is one for that version of the words; what was typed stays."""
        sent: Any = self.data
        again = sent.copy()
        again["seen"] = str(version)
        self.data = again

    def measure(self) -> Measure:
        """The parts of what success means, as typed."""
        typed = self.cleaned_data
        return Measure(*(typed.get(f"measure_{part}") or "" for part in ("metric", "baseline", "target", "how", "by")))

    def proposed(self) -> list[Proposed]:
        """The milestones of a valid form, rows left empty passed over."""
        if not self.milestones.is_bound:
            return self._kept
        rows = [form.cleaned_data for form in self.milestones.forms if form.cleaned_data]
        return [Proposed(row["title"], row["share"], row["days"]) for row in rows]

    @property
    def says_parts(self) -> bool:
        """Whether anything stands in the parts of what success means, so that they are open to the eye."""
        parts = [self[name] for name in self.fields if name.startswith("measure_")]
        return any(bound.value() or bound.errors for bound in parts)

    @property
    def says_milestones(self) -> bool:
        """The same of the milestones."""
        return any(row.initial or (row.is_bound and row.has_changed()) for row in self.milestones)

    @property
    def asks_deadline(self) -> bool:
        """Whether the deadline's local time comes twice, so that the page asks which."""
        return "deadline" in self.asked

    @property
    def asks_opens_at(self) -> bool:
        """The same of the instant from which bids are taken."""
        return "opens_at" in self.asked


def initial_words(project: Project) -> dict[str, Any]:
    """What the fields say of a project that is there."""
    place = ZoneInfo(project.deadline_zone)
    return {
        "title": project.title,
        "need": project.need,
        "success_measure": own_sentence(project),
        "measure_metric": project.measure_metric,
        "measure_baseline": project.measure_baseline,
        "measure_target": project.measure_target,
        "measure_how": project.measure_how,
        "measure_by": project.measure_by,
        "ceiling": project.ceiling_minor,
        "price_weight": project.price_weight_bp // PERCENT_BP if project.price_weight_bp < scoring.FULL else None,
        "pass_mark": project.pass_mark,
        "deadline": project.deadline.astimezone(place),
        "deadline_which": of_two(project.deadline, place),
        "zone": project.deadline_zone,
    }


def of_two(instant: datetime, place: ZoneInfo) -> str:
    """Which of the two instants with its local time this is; the first where there is only one."""
    return zones.SECOND if instant.astimezone(place).fold else zones.FIRST
