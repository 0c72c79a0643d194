"""What a buyer types to change a published project: its words, and why."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from contracts import scoring
from contracts.forms.words import PERCENT_BP, WordsForm, initial_words
from contracts.models import Project
from contracts.ranking import needs_quality
from contracts.versions import Words
from people.models import User


class AmendForm(WordsForm):
    """The words as they stand, to be changed; what never changes is not on the form. `seen`: the version shown."""

    reason = forms.CharField(
        label=gettext_lazy("Why it changes"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Everybody reads it beside what changed."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, project: Project, reader: User) -> None:
        initial = initial_words(project) | {"seen": project.revision}
        super().__init__(data, reader=reader, currency=project.currency, project=project, initial=initial)
        self.project = project
        if project.method != Project.Method.PRICE_QUALITY:
            del self.fields["price_weight"]
        else:
            self.fields["price_weight"].required = True
        if not needs_quality(project):
            del self.fields["pass_mark"]

    def words(self) -> Words:
        """What was typed, for the action."""
        typed = self.cleaned_data
        weight = typed.get("price_weight")
        mark = typed["pass_mark"] if "pass_mark" in self.fields else self.project.pass_mark
        # The form shows minutes; left as it was, a deadline keeps its seconds.
        now = self.project.deadline
        kept = typed["deadline"] == now.replace(second=0, microsecond=0)
        return Words(
            title=typed["title"],
            need=typed["need"],
            success_measure=typed["success_measure"],
            ceiling_minor=typed["ceiling"],
            deadline=now if kept else typed["deadline"],
            deadline_zone=typed["zone"],
            price_weight_bp=weight * PERCENT_BP if weight is not None else scoring.FULL,
            pass_mark=mark or 0,
            measure=self.measure(),
            milestones=tuple(self.proposed()),
        )
