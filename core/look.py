"""What pages share besides templates: the tone of a state, the reader's theme. No business nouns, no HTML.

The vocabulary for templates is `core.templatetags.market`, described in `docs/look.md`.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from core.http import see_other

Tone = Literal["neutral", "accent", "good", "warn", "bad"]
TONE_ICONS: Final[dict[str, str]] = {
    "neutral": "circle",
    "accent": "circle-dot",
    "good": "circle-check",
    "warn": "triangle-alert",
    "bad": "circle-x",
}
THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "theme"
ONE_YEAR_SECONDS: Final = 365 * 24 * 3600


@dataclass(frozen=True)
class Badge:
    """How a state is shown: a word, a tone and, if the tone's own does not fit, an icon. Never colour alone."""

    word: Any
    tone: Tone = "neutral"
    icon: str = ""


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme `light` or `dark` in a cookie; anything else means: follow the reader's system."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = see_other(back)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, max_age=ONE_YEAR_SECONDS, samesite="Lax", secure=request.is_secure())
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response
