"""One figure, together: proposed, confirmed, agreed."""

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.actions.panel.figures import Figures, complete
from contracts.actions.panel.interests import room_of
from contracts.actions.panel.room import NOTHING_FOUND, trail
from contracts.actions.panel.table import agree_if_enough, put
from contracts.models import Confirmation, Consensus, Project
from contracts.permissions import panel as permissions
from core.errors import Conflict, InvalidTransition
from people.models import User


@transaction.atomic
def propose(*, project: Project, figures: Figures, by: User) -> Consensus:
    """Put one figure with a reason on the table for every bid and criterion; what was there before falls.

    Agreed at once where nobody else has to confirm. Raises Denied, InvalidTransition, Invalid.
    """
    room = room_of(project, by)
    permissions.check_agree(room.project, room.panel, room.who, NOTHING_FOUND)
    return put(room, complete(room, figures), by=by)


@transaction.atomic
def confirm(*, consensus: Consensus, by: User) -> Consensus:
    """Agree to the figures on the table. The last that is needed makes them the quality of the bids.

    Raises Denied (not judging, or one's own proposal), InvalidTransition (they are not on the table any more), Conflict
    (confirmed already).
    """
    room = room_of(Project(pk=consensus.project_id), by)
    permissions.check_agree(room.project, room.panel, room.who, NOTHING_FOUND)
    consensus = Consensus.objects.get(pk=consensus.pk)
    if consensus.status != Consensus.Status.PROPOSED:
        raise InvalidTransition(_("These figures are not on the table any more. Reload the page and look again."))
    if consensus.proposed_by_id == by.pk:
        raise InvalidTransition(_("You proposed these figures, so the others confirm them."))
    if consensus.confirmations.filter(confirmed_by=by).exists():
        raise Conflict(_("You have confirmed these figures already."))
    Confirmation.objects.create(consensus=consensus, confirmed_at=room.now, confirmed_by=by)
    trail(room.project, "figures_confirmed", by=by, consensus=str(consensus.pk))
    agree_if_enough(room, consensus, by=by)
    return consensus
