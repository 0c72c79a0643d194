"""Forms of the integrity page: the filters of its list, and the note on a flag."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contracts import flag_words
from contracts.models import RedFlag
from contracts.queries import integrity as queries


class FlagFilters(forms.Form):
    """Flags by the ME they name, indicator, state and the date on which they were found."""

    q = forms.CharField(label=_("Microenterprise"), required=False, max_length=100)
    indicator = forms.ChoiceField(label=_("Question"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("Nobody has looked yet")),
            ("looked", _("Looked at")),
            ("all", _("Both")),
            ("ended", _("No longer found")),
        ],
    )
    since = forms.DateField(label=_("Found from"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Found until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        field = self.fields["indicator"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Every question")), *flag_words.choices()]

    def found(self, rows: QuerySet[RedFlag]) -> QuerySet[RedFlag]:
        """`rows` as filtered; what cannot be read is said beside its field and filters nothing."""
        self.is_valid()
        chosen = self.cleaned_data
        rows = self._in_state(rows, chosen.get("state") or "")
        if indicator := chosen.get("indicator"):
            rows = rows.filter(indicator=indicator)
        if words := chosen.get("q"):
            rows = queries.naming(rows, words)
        since: date | None = chosen.get("since")
        return queries.found_between(rows, since, chosen.get("until"))

    def _in_state(self, rows: QuerySet[RedFlag], state: str) -> QuerySet[RedFlag]:
        if state == "ended":
            return rows.filter(ended_at__isnull=False)
        rows = rows.filter(ended_at=None)
        if state == "all":
            return rows
        return rows.filter(looked_at__isnull=state != "looked")


class LookForm(forms.Form):
    """What a look at a flag found."""

    reason = forms.CharField(
        label=_("What you looked at, and what you found"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000
    )
