"""Stories: facts, what happened, how a figure came about, remarks, cards and what waits for the reader.

Figures are `figures`, drawings of them `charts`.
"""

from datetime import datetime
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.words import signs
from core.words.components import component, inside
from core.words.figures import nothing
from core.words.instants import when

register = template.Library()


@register.simple_block_tag
def fact(content: str, label: Any, *, wide: bool = False) -> SafeString:
    """One fact of a `<dl class="facts">`: a label and what is inside; an em dash when nothing is."""
    body = inside(content)
    return format_html(
        "<div{}><dt>{}</dt><dd>{}</dd></div>", mark_safe(' class="wide"') if wide else "", label, body or nothing()
    )


@register.simple_block_tag
def stat(content: str, label: Any, *, help: Any = "") -> SafeString:
    """One large figure of a `<dl class="stats">`."""
    note = format_html('<dd class="quiet">{}</dd>', help) if help else ""
    return format_html('<div><dt>{}</dt><dd class="figure">{}</dd>{}</div>', label, inside(content) or nothing(), note)


@register.simple_block_tag(takes_context=True)
def happened(
    context: Context, content: str, who: Any, at: datetime | None, *, icon: str = "", tone: str = "neutral"
) -> SafeString:
    """One line of an `<ol class="timeline">`: what is inside, done by `who` at `at`. `who` empty: the clock."""
    return component(
        "happened",
        context,
        body=inside(content),
        who=who or _("By the clock"),
        at=when(context, at),
        icon=icon,
        tone=tone,
    )


@register.simple_block_tag
def derivation(content: str, summary: Any, *, open: bool = False) -> SafeString:
    """How a figure came about, folded under it."""
    return format_html(
        '<details class="how"{}><summary>{}{}</summary><div>{}</div></details>',
        mark_safe(" open") if open else "",
        signs.icon("chevron-right"),
        summary,
        SafeString(content),
    )


@register.simple_block_tag
def note(content: str, tone: str = "neutral", *, icon_name: str = "") -> SafeString:
    """A remark in a tone, with an icon."""
    return format_html(
        '<div class="note {}">{}<div>{}</div></div>',
        tone,
        signs.icon(icon_name or signs.NOTE_ICONS[tone]),
        SafeString(content),
    )


@register.simple_block_tag
def card(content: str, url: str, title: Any, *, badge: Any = None, kicker: Any = "") -> SafeString:
    """One card of a `<ul class="cards">`; all of it leads to `url`."""
    state = signs.badge(badge) if badge else ""
    above = format_html('<p class="kicker">{}</p>', kicker) if kicker else ""
    return format_html(
        '<li class="card">{}<div class="card-head"><h3><a href="{}">{}</a></h3>{}</div>{}</li>',
        above,
        url,
        title,
        state,
        SafeString(content),
    )


@register.simple_block_tag(takes_context=True)
def need(
    context: Context,
    content: str,
    title: Any,
    url: str,
    *,
    action: Any,
    deadline: datetime | None = None,
    icon: str = "circle-dot",
    kicker: Any = "",
    tone: str = "accent",
) -> SafeString:
    """One thing of an `<ol class="needs">` that waits for the reader: what, until when, and its one action."""
    return component(
        "need",
        context,
        title=title,
        url=url,
        action=action,
        deadline=when(context, deadline) if deadline else "",
        icon=icon,
        kicker=kicker,
        tone=tone,
        body=inside(content),
    )
