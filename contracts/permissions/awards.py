"""Who judges quality and who awards (rule 6: who awards is not who accepts)."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.utils.translation import gettext as _

from contracts.lifecycle import PROJECT
from contracts.models import Bid, Project
from contracts.permissions.standing import Standing
from contracts.ranking import needs_quality
from core.errors import Denied, InvalidTransition


def check_score(project: Project, who: Standing, panel: Collection[UUID]) -> None:
    """Members of the panel judge quality once the bids are open, where the criteria ask for it. `panel`: their ids."""
    if who.user.pk not in panel:
        raise Denied(_("Only the panel named at publication judges quality here."))
    if not needs_quality(project):
        raise InvalidTransition(_("Only the price counts for this project, so quality is not judged."))
    _check_open(project)


def check_award(project: Project, who: Standing) -> None:
    """The leader of the buyer decides, unless they are also who accepts the work."""
    if project.buyer is None:
        raise InvalidTransition(_("This is a real tender shown for reference; nothing is awarded here."))
    if not who.leads(project.buyer_id):
        raise Denied(_("Only the leader of %(me)s awards this project.") % {"me": project.buyer.name})
    if who.user.pk == project.acceptor_id:
        raise Denied(
            _("You accept the work of this project, and who awards is not who accepts. Another leader must award it.")
        )
    _check_open(project)


def check_impartial(bids: Iterable[Bid], who: Standing) -> None:
    """Nobody judges bids of which one is their own ME's, also when they joined that ME after it bid (rule 6)."""
    for bid in bids:
        if bid.microenterprise is not None and who.belongs_to(bid.microenterprise_id):
            raise Denied(
                _("You are a member of %(supplier)s: nobody accepts their own work.")
                % {"supplier": bid.microenterprise.name}
            )


def check_awardable(project: Project, bid: Bid, unscored: int) -> None:
    """Whether the decision may fall on this bid. `unscored`: how many valid bids still wait for the panel."""
    if bid.project_id != project.pk or bid.status != Bid.Status.VALID:
        raise InvalidTransition(_("This bid is not a valid bid of this project, so it cannot win."))
    if unscored:
        raise InvalidTransition(
            _("The panel has not judged the quality of every bid yet. Award when all of them have their points.")
        )
    if bid.microenterprise is None or bid.microenterprise.status != "active":
        raise InvalidTransition(_("The bidder is dissolved, so it cannot sign. Choose another bid or none."))
    if bid.microenterprise_id == project.buyer_id:
        raise Denied(_("Nobody buys from themselves."))


def _check_open(project: Project) -> None:
    if project.status == Project.Status.PUBLISHED:
        raise InvalidTransition(_("The bids are sealed until the deadline has passed and they are opened."))
    PROJECT.check(project.status, "award")
