"""How satisfied each side is: once each, after completion, hidden until both have said so or some days have passed."""

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.actions.parties import leaders, link, locked, record
from contracts.models import Contract, Rating
from contracts.permissions.contracts import check_rate, firm, other, place
from core.clock import business_date, market_now
from core.errors import Invalid
from people.models import User
from people.notices import tell


@transaction.atomic
def rate(*, contract: Contract, stars: int, comment: str, by: User) -> Rating:
    """Rate the work with 1 to 5 stars and a comment for the side `by` speaks for.

    Raises Denied, InvalidTransition (not completed, or rated already), Invalid for other numbers of stars.
    The trail says that a side rated, not what: that stays hidden until it is shown.
    """
    contract = locked(contract)
    now = market_now()
    rated = set(contract.ratings.values_list("party", flat=True))
    party = check_rate(contract, place(contract, by, business_date(now)), rated)
    if not 1 <= stars <= 5:
        raise Invalid(_("Choose between 1 and 5."), field="stars")
    rating = Rating.objects.create(
        contract=contract, party=party, stars=stars, comment=comment.strip(), rated_at=now, rated_by=by
    )
    record(contract, "rated", by=by, party=party)
    if not rated:
        side = firm(contract, other(party))
        tell(
            leaders(side),
            lambda: (
                _("%(me)s rated the contract “%(title)s”. You see it once your side has rated too.")
                % {"me": firm(contract, party).name, "title": contract.title}
            ),
            link=link(contract),
        )
    return rating
