"""Signs: icons, states and persons, and which tone and icon a remark has.

What a state is called and which tone it has is said by its own room; `core.look` holds the tones.
"""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from core.folding import says_the_same
from core.look import TONE_ICONS, Badge

register = template.Library()
ICONS: Final = Path(__file__).resolve().parents[2] / "static" / "vendor" / "lucide"
NOTE_ICONS: Final = {**TONE_ICONS, "neutral": "info", "accent": "info"}
BESIDE: Final = " · "
MESSAGE_TONES: Final = {"success": "good", "warning": "warn", "error": "bad"}


@cache
def _icon_body(name: str) -> str:
    path = ICONS / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.is_file():
        raise template.TemplateSyntaxError(
            f"No icon “{name}”: add it to ICONS in static/vendor/update.py and run that script."
        )
    inner = path.read_text(encoding="utf-8").split(">", 2)[-1].rsplit("</svg>", 1)[0]
    return re.sub(r"\s+", " ", inner).replace("> <", "><").strip()


@register.simple_tag
@says_the_same
def icon(name: str, *, label: str = "", size: str = "") -> SafeString:
    """A Lucide icon as inline SVG. With `label` it speaks; without, it is decoration beside a word."""
    body = mark_safe(_icon_body(name))  # noqa: S308  our own vendored file
    speech = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon{}" viewBox="0 0 24 24" {}>{}</svg>', f" {size}" if size else "", speech, body)


@register.simple_tag
def badge(word: Any, tone: str = "neutral", icon_name: str = "") -> SafeString:
    """A state: icon and word in a tone. `word` may be a `core.look.Badge`."""
    if isinstance(word, Badge):
        word, tone, icon_name = word.word, word.tone, word.icon
    return _badge(conditional_escape(word), tone, icon_name)


@lru_cache(maxsize=2_048)
def _badge(word: SafeString, tone: str, icon_name: str) -> SafeString:
    """There are few states, and lists are full of them. word: as HTML."""
    sign = icon(icon_name or TONE_ICONS[tone])
    return format_html('<span class="badge {}">{}<span>{}</span></span>', tone, sign, mark_safe(word))  # noqa: S308  escaped


@register.simple_tag
def person(name: str, detail: str = "") -> SafeString:
    """A person as a monogram and a name; no pictures from anywhere.

    A firm that stands beside the name has no part in the monogram.
    """
    words = name.partition(BESIDE)[0].split()
    letters = "".join(word[0] for word in words[:2]).upper() if words else "?"
    extra = format_html(' <span class="quiet">{}</span>', detail) if detail else ""
    return format_html(
        '<span class="person"><span class="monogram" aria-hidden="true">{}</span><span>{}{}</span></span>',
        letters,
        name,
        extra,
    )


@register.filter
def message_tone(level_tag: str) -> str:
    """The tone of a Django message."""
    return MESSAGE_TONES.get(level_tag, "neutral")


@register.filter
def message_icon(level_tag: str) -> str:
    """The icon of a Django message."""
    return NOTE_ICONS[message_tone(level_tag)]
