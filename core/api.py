"""What every API view shares: errors as RFC 9457 problem documents."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core.errors import DomainError

PROBLEM = "application/problem+json"


def problem(status: int, title: str, *, code: str, **members: Any) -> Response:
    """A problem document; `code` becomes the last part of its type."""
    body = {"type": f"urn:haier-market:problem:{code}", "title": title, "status": int(status), **members}
    return Response(body, status=int(status), content_type=PROBLEM)


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: domain errors, validation errors and the rest in one shape."""
    if isinstance(error, DomainError):
        members = {"field": error.field} if error.field else {}
        return problem(error.status, str(error.sentence), code=error.code, **members)
    if isinstance(error, exceptions.ValidationError):
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Some fields cannot be used.",
            code="invalid",
            errors=error.get_full_details(),
        )
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RecursionError):  # brackets within brackets, thousands deep: the reader of JSON gave up
        error = exceptions.ParseError()
    answered = exception_handler(error, context)
    if answered is None or not isinstance(error, exceptions.APIException):
        return None
    found = problem(answered.status_code, str(error.detail), code=str(error.default_code).replace("_", "-"))
    for header in ("WWW-Authenticate", "Retry-After"):
        if header in answered.headers:
            found.headers[header] = answered.headers[header]
    return found
