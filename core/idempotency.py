"""Writes that may be repeated: an `Idempotency-Key` header, one user, one request, one answer, one transaction.

A repeat with the same request gets the stored answer; with another request it is refused. A refused write stores
nothing, because it changed nothing. What is kept of the request and of who made it are HMACs, so that neither a price
sent to a sealed bid nor its author can be read from the table; views that answer for sealed things must not put them
into the answer.
"""

import base64
import functools
import hashlib
import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import problem
from core.models import IdempotencyKey

P = ParamSpec("P")
V = TypeVar("V")
LONGEST_KEY: Final = 200


def request_hash(request: Request) -> str:
    """What identifies a request: method, path and body, keyed so that it tells nothing."""
    body = json.dumps(request.data, sort_keys=True, default=str)
    return _keyed(f"{request.method} {request.get_full_path()}\n{body}")


def owner_hash(user: Any, key: str) -> str:
    """What identifies one user's key, keyed so that it names nobody."""
    return _keyed(f"{user.pk}\n{key}")


def _keyed(text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def idempotent(
    view: Callable[Concatenate[V, Request, P], Response],
) -> Callable[Concatenate[V, Request, P], Response]:
    """Make a writing API method repeatable under `Idempotency-Key`. Without the header it is called as it is."""

    @functools.wraps(view)
    def answer(self: V, request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return view(self, request, *args, **kwargs)
        if len(key) > LONGEST_KEY or not key.isprintable():
            return problem(
                HTTPStatus.BAD_REQUEST,
                _("An Idempotency-Key has at most %(longest)s printable characters.") % {"longest": LONGEST_KEY},
                code="idempotency-key-unusable",
            )
        with transaction.atomic():
            return _once(self, view, request, key, *args, **kwargs)

    return cast("Callable[Concatenate[V, Request, P], Response]", answer)


def _once(self: V, view: Any, request: Request, key: str, *args: Any, **kwargs: Any) -> Response:
    """The unique row makes a second caller wait for the first one's transaction."""
    row, is_new = IdempotencyKey.objects.select_for_update().get_or_create(
        owner_hash=owner_hash(request.user, key), defaults={"request_hash": request_hash(request)}
    )
    if not is_new:
        return _repeated(row, request)
    response: Response = view(self, request, *args, **kwargs)
    row.status = response.status_code
    row.body = _box().encrypt(json.dumps(response.data, default=str).encode())
    row.save(update_fields=["status", "body"])
    return response


def _box() -> Fernet:
    """Answers are kept under a key of their own: one that names a project would tell the table's readers who bids."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"idempotency" + settings.SECRET_KEY.encode()).digest()))


def _repeated(row: IdempotencyKey, request: Request) -> Response:
    if row.request_hash != request_hash(request):
        sentence = _("This Idempotency-Key was used for another request. Use a new key for a new request.")
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, sentence, code="idempotency-key-reused")
    stored = json.loads(_box().decrypt(bytes(row.body or b"")))
    return Response(stored, status=row.status or HTTPStatus.OK, headers={"Idempotency-Replayed": "true"})
