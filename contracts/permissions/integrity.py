"""Who looks at red flags: the steward notes what they found, the auditor reads; nobody notes about their own ME."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext as _

from contracts.models import RedFlag
from contracts.permissions.standing import Standing
from core.errors import Denied, InvalidTransition
from people.models import Role


def check_look(flag: RedFlag, firm_ids: Iterable[UUID], who: Standing) -> None:
    """A steward without a part in it. `firm_ids`: the MEs that the flag names."""
    if not who.user.has_role(Role.STEWARD):
        raise Denied(_("Only the steward notes what became of a red flag; the auditor reads."))
    if any(who.belongs_to(firm) for firm in firm_ids):
        raise Denied(_("You are a member of an ME that this is about, so another steward must look at it."))
    if flag.ended_at is not None:
        raise InvalidTransition(_("The last search did not find this any more, so there is nothing left to note."))
