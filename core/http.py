"""Small things every view needs: the signed-in request's type, 303, and downloads that stream."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import resolve_url

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails


class Request(HttpRequest):
    """A signed-in request as our views see it (for type checkers; never made by hand).

    `user` is a `people.models.User`; it is Any here because this room knows no nouns.
    """

    user: Any
    htmx: "HtmxDetails"


class SeeOther(HttpResponseRedirect):
    """303: what was posted is done; look there."""

    status_code = 303


def see_other(to: Any, *args: Any, **kwargs: Any) -> SeeOther:
    """Redirect after a successful POST; `to` is what `django.shortcuts.redirect` takes."""
    return SeeOther(resolve_url(to, *args, **kwargs))


def unprocessable(response: HttpResponse) -> HttpResponse:
    """Mark a re-rendered form as refused (422)."""
    response.status_code = 422
    return response


def download(chunks: Iterable[bytes | str], *, filename: str, content_type: str) -> StreamingHttpResponse:
    """Stream a file to the reader's disk."""
    response = StreamingHttpResponse(chunks, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
