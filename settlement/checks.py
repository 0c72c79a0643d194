"""System checks of payouts: a key that is another's or half a company account is said before anybody is served."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from core.errors import DomainError
from settlement.bank import company_account


@register(Tags.security)
def payout_key_is_its_own(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Whoever is trusted with bids is not thereby trusted with bank accounts; and a new key is another one."""
    found: list[CheckMessage] = []
    of_bids = {settings.BID_KEY, settings.BID_KEY_BEFORE} - {None}
    if of_bids & {settings.PAYOUT_KEY, settings.PAYOUT_KEY_BEFORE}:
        found.append(Error("PAYOUT_KEY and BID_KEY must be different keys.", id="settlement.E001"))
    if settings.PAYOUT_KEY_BEFORE == settings.PAYOUT_KEY:
        found.append(
            Error(
                "PAYOUT_KEY_BEFORE is the key that PAYOUT_KEY replaces, and must be another one.",
                hint="Leave PAYOUT_KEY_BEFORE empty unless the key is being replaced.",
                id="settlement.E003",
            )
        )
    return found


@register(Tags.security)
def company_account_is_whole(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """All three values that name the company's account, or none of them."""
    given = (settings.PAYOUT_DEBTOR_NAME, settings.PAYOUT_DEBTOR_ACCOUNT, settings.PAYOUT_DEBTOR_BIC)
    if not any(given):
        return []
    try:
        company_account()
    except DomainError as wrong:
        return [
            Error(
                f"The company's account for payouts cannot be used. {wrong.sentence}",
                hint="Set PAYOUT_DEBTOR_NAME, PAYOUT_DEBTOR_ACCOUNT and PAYOUT_DEBTOR_BIC, or none of them.",
                id="settlement.E002",
            )
        ]
    return []
