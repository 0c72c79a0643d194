"""Drawings of figures: progress, bars, a line, a course. Each says in words or a table what it draws.

Every coordinate is computed here; `templates/components/` only places them.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from babel.dates import format_timedelta
from django import template
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core import money as moneys
from core.words.components import component
from core.words.figures import amount, counted, figure, money

register = template.Library()
SPARKLINE_WIDTH: Final = 240
SPARKLINE_HEIGHT: Final = 48
COURSE_WIDTH: Final = 600
COURSE_HEIGHT: Final = 120
BAR_WIDTH: Final = 100


@register.simple_tag(takes_context=True)
def progress(context: Context, done: int, total: int, *, label: Any = "", left: timedelta | None = None) -> SafeString:
    """Long work: a bar, done of all, and the time left."""
    remaining = ""
    if left is not None and done < total:
        remaining = _("about %(time)s left") % {
            "time": format_timedelta(left, locale=moneys.locale_name(), threshold=1.2)
        }
    return component(
        "progress",
        context,
        done=done,
        total=max(total, 1),
        label=label or _("Progress"),
        words=_("%(done)s of %(total)s") % {"done": counted(done), "total": counted(total)},
        left=remaining,
        share=min(100, done * 100 // max(total, 1)),
    )


@register.simple_tag(takes_context=True)
def bars(context: Context, rows: Sequence[tuple[Any, int]], currency: str = "", *, caption: Any) -> SafeString:
    """Amounts side by side: a table whose last column draws each as a bar. Without currency they are counts."""
    largest = max((abs(value) for _label, value in rows), default=0) or 1
    return component(
        "bars",
        context,
        caption=caption,
        currency=currency,
        rows=[(label, figure(value, currency), abs(value) * BAR_WIDTH // largest, value < 0) for label, value in rows],
    )


@register.simple_tag(takes_context=True)
def sparkline(context: Context, rows: Sequence[tuple[Any, int]], currency: str = "", *, caption: Any) -> SafeString:
    """A course over time as a line, with its table folded below. `rows` are (label, value), oldest first."""
    values = [value for _label, value in rows]
    low, high = min(values, default=0), max(values, default=0)
    span = (high - low) or 1
    step = SPARKLINE_WIDTH / max(len(values) - 1, 1)
    points = [
        (round(index * step, 1), round(SPARKLINE_HEIGHT - 4 - (value - low) * (SPARKLINE_HEIGHT - 8) / span, 1))
        for index, value in enumerate(values)
    ]
    return component(
        "sparkline",
        context,
        caption=caption,
        points=" ".join(f"{x},{y}" for x, y in points),
        last=points[-1] if points else None,
        width=SPARKLINE_WIDTH,
        height=SPARKLINE_HEIGHT,
        rows=[(label, figure(value, currency)) for label, value in rows],
        newest=figure(values[-1], currency) if values else "",
    )


@register.simple_tag(takes_context=True)
def course(
    context: Context,
    rows: Sequence[tuple[Any, str, int | None, int | None]],
    currency: str,
    *,
    caption: Any,
    bars: Any,
    line: Any,
) -> SafeString:
    """Two figures over time on one scale, the first as bars (below zero too), the second as a line, with their table.

    `rows` are (label, address or "", figure of the bar, figure of the line), oldest first; a figure that is not known
    (None) leaves a gap. bars, line: what the two are called.
    """
    figures = [value for *_names, one, other in rows for value in (one, other) if value is not None]
    high, low = max(0, *figures, 0), min(0, *figures, 0)
    step = COURSE_WIDTH / max(len(rows), 1)

    def down(value: int) -> float:
        return round(4 + (high - value) * (COURSE_HEIGHT - 8) / ((high - low) or 1), 1)

    drawn = [
        (
            label,
            round(index * step + step * 0.15, 1),
            min(down(value), down(0)),
            abs(round(down(value) - down(0), 1)),
            value,
        )
        for index, (label, _url, value, _line) in enumerate(rows)
        if value is not None
    ]
    points = [
        (round(index * step + step / 2, 1), down(value))
        for index, (_label, _url, _bar, value) in enumerate(rows)
        if value is not None
    ]
    return component(
        "course",
        context,
        caption=caption,
        currency=currency,
        names=(bars, line),
        bars=[(label, x, y, tall, value < 0, money(value, currency)) for label, x, y, tall, value in drawn],
        bar_width=round(step * 0.7, 1),
        points=" ".join(f"{x},{y}" for x, y in points),
        zero=down(0),
        width=COURSE_WIDTH,
        height=COURSE_HEIGHT,
        high=money(high, currency),
        low=money(low, currency) if low else "",
        first=rows[0][0] if rows else "",
        last=rows[-1][0] if rows else "",
        rows=[
            (label, url, amount(one, currency), amount(other, currency)) for label, url, one, other in reversed(rows)
        ],
    )
