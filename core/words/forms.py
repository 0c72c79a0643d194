"""Acts and forms: buttons that say why not, acts that say their consequence, fields that say what is wrong.

Whether somebody may act is decided before: a word gets the sentence of the refusal.
"""

from functools import lru_cache
from typing import Any, Final

from django import forms, template
from django.forms.boundfield import BoundField
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext

from core.words.components import component, ident, inside

register = template.Library()
KINDS: Final[tuple[tuple[type[forms.Widget], str], ...]] = (
    (forms.CheckboxSelectMultiple, "group"),
    (forms.RadioSelect, "group"),
    (forms.CheckboxInput, "check"),
    (forms.SelectDateWidget, "group"),
    (forms.MultiWidget, "group"),
)


@register.simple_tag(takes_context=True)
def action(
    context: Context,
    url: str,
    label: Any,
    *,
    why_not: Any = "",
    method: str = "get",
    tone: str = "primary",
    icon: str = "",
    name: str = "",
    value: str = "",
) -> SafeString:
    """A link or button to one act. With `why_not` it is disabled and the sentence stands below it.

    tone: `primary` (one per page), `plain`, `bad`. `method="post"` makes a form with its own button.
    """
    if method == "get":
        return _link(get_language(), *map(conditional_escape, (url, label, why_not)), tone, icon)
    return component(
        "action", context, url=url, label=label, why_not=why_not, method=method, tone=tone, icon=icon, name=name,
        value=value, ident=ident(url, label),
    )  # fmt: skip


@lru_cache(maxsize=4_096)
def _link(
    language: str | None, url: SafeString, label: SafeString, why_not: SafeString, tone: str, icon: str
) -> SafeString:
    """An act that only leads somewhere: the same wherever it stands. language: the one in force. url, label, why_not:
    as HTML, since words that were escaped and words that need not be are never the same."""
    return component(
        "action", Context(), url=url, label=label, why_not=why_not, method="get", tone=tone, icon=icon,
        ident=ident(url, label),
    )  # fmt: skip


@register.simple_block_tag(takes_context=True)
def confirm(
    context: Context,
    content: str,
    url: str,
    label: Any,
    consequence: Any,
    *,
    button: Any = "",
    why_not: Any = "",
    icon: str = "",
    tone: str = "bad",
) -> SafeString:
    """A destructive act: opens in place, says its consequence in words, and repeats the verb on the button.

    What is inside stands between the consequence and the button (a reason field, for example).
    """
    return component(
        "confirm", context, url=url, label=label, consequence=consequence, button=button or label, why_not=why_not,
        icon=icon, tone=tone, body=inside(content), ident=ident(url, label),
    )  # fmt: skip


def _kind(bound: BoundField) -> str:
    if bound.is_hidden:
        return "hidden"
    return next((kind for widget, kind in KINDS if isinstance(bound.field.widget, widget)), "plain")


@register.simple_tag
def field(bound: BoundField, *, suffix: Any = "", help: Any = "", label: Any = "", quiet: bool = False) -> SafeString:
    """One form field: label, help, control and, beside it, what is wrong.

    suffix: a unit shown after the control (CNY, days); quiet: the label is for screen readers only.
    """
    return render_to_string(
        "components/field.html",
        {
            "field": bound,
            "kind": _kind(bound),
            "suffix": suffix,
            "help": help or bound.help_text,
            "label": label or bound.label,
            "quiet": quiet,
        },
    )


@register.simple_tag
def fields(form: forms.BaseForm) -> SafeString:
    """All fields of a form in their order."""
    return format_html_join("", "{}", ((field(bound),) for bound in form))


@register.simple_tag
def form_errors(*given: forms.BaseForm | None) -> SafeString:
    """The summary of all that is to be corrected, on top of the form, with links to the fields."""
    rows: list[tuple[str, str, str]] = []
    for form in given:
        if form is None or not form.is_bound:
            continue
        rows += [("", "", str(error)) for error in form.non_field_errors()]
        for bound in form:
            rows += [(bound.auto_id or "", str(bound.label), str(error)) for error in bound.errors]
    if not rows:
        return SafeString("")
    title = ngettext("One thing to correct", "%(count)s things to correct", len(rows)) % {"count": len(rows)}
    return render_to_string("components/form_errors.html", {"rows": rows, "title": title})


@register.simple_block_tag(takes_context=True)
def formsection(context: Context, content: str, title: Any, *, help: Any = "") -> SafeString:
    """A short section of a form."""
    return component("formsection", context, title=title, help=help, body=content)


@register.simple_tag(takes_context=True)
def submit(
    context: Context, label: Any, *, cancel: str = "", why_not: Any = "", icon: str = "", tone: str = "primary"
) -> SafeString:
    """The last line of a form: its button, and the way back."""
    return component("submit", context, label=label, cancel=cancel, why_not=why_not, icon=icon, tone=tone)
