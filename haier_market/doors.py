"""Which pages are open to outside vendors. Every other address is a 404 for them, as if it were not there.

The rooms decide what is shown on these pages (`visible_to`); this list is the second lock: a page that nobody thought
of is closed. Their API is none (docs/adr/0037).
"""

from collections.abc import Callable
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.permissions import IsAuthenticated

OPEN_TO_VENDORS: Final = frozenset(
    {
        *("home", "project_detail", "question_list", "vendor_invitation"),
        *("bid_submit", "bid_confirm", "bid_withdraw", "bid_receipt", "bid_price", "award_object"),
        *("contract_detail", "contract_sign", "contract_change", "contract_decline", "milestone_deliver"),
        *("contract_rate", "contract_terminate", "contract_withdraw_end"),
        *("profile", "notice_list", "notice_read", "set_language", "set_theme", "livez", "readyz"),
    }
)
SIGN_IN: Final = ("account_", "mfa_")
"""What begins like this is one's own sign-in."""


class VendorDoors:
    """404 for an outside vendor at every address that is not on the list."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if not (request.user.is_authenticated and request.user.is_vendor):
            return
        match = request.resolver_match
        name = match.view_name if match is not None else ""
        if name not in OPEN_TO_VENDORS and not name.startswith(SIGN_IN):
            raise Http404


class Colleagues(IsAuthenticated):
    """The API is for colleagues; an outside vendor's token finds nothing."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if request.user.is_authenticated and request.user.is_vendor:
            raise Http404
        return super().has_permission(request, view)
