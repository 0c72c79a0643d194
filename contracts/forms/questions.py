"""What a person types to ask about a project, and to answer."""

from django import forms
from django.utils.translation import gettext_lazy

from contracts.actions.questions import LONGEST_ANSWER, LONGEST_QUESTION


class QuestionForm(forms.Form):
    """A question; everybody who may see the project reads it, nobody reads who asked."""

    text = forms.CharField(
        label=gettext_lazy("Your question"),
        max_length=LONGEST_QUESTION,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Everybody reads it, and nobody learns who asked before the bids are open."),
        error_messages={"required": gettext_lazy("Write down what you want to know.")},
    )


class AnswerForm(forms.Form):
    """An answer; everybody reads it at the same moment."""

    text = forms.CharField(
        label=gettext_lazy("Answer"),
        max_length=LONGEST_ANSWER,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("Everybody who may see the project reads it at once. It stays as you send it."),
        error_messages={"required": gettext_lazy("Write the answer; every bidder reads it.")},
    )
