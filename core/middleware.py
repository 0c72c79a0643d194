"""Middleware without business nouns: domain errors become pages; the reader's language and zone are switched on."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from core.errors import DomainError

Handler = Callable[[HttpRequest], HttpResponse]


class DomainErrorMiddleware:
    """A DomainError that a view let pass is answered with its sentence and its status, as a page or a fragment."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        return render(
            request, "errors/refused.html", {"refusal": exception, "status": exception.status}, status=exception.status
        )


class ReaderMiddleware:
    """Shows a signed-in reader times in their own zone, and pages in their language unless they chose another here."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        zone = user.time_zone if user.is_authenticated else ""
        if user.is_authenticated and user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        try:
            with timezone.override(ZoneInfo(zone or settings.COMPANY_TIME_ZONE)):
                response = self.get_response(request)
        except (ZoneInfoNotFoundError, ValueError):
            response = self.get_response(request)
        if user.is_authenticated:
            # A page of somebody's own must not come back from a cache after they signed out.
            response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers.setdefault("Content-Language", translation.get_language() or "en")
        return response


class FragmentMiddleware:
    """Says that a page and its fragment, which share an address, are two answers.

    Without it the browser's Back shows the bare fragment that htmx fetched from the same address a moment ago.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ("HX-Request", "HX-Target"))
        return response
