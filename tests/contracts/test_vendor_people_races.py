"""Two who keep the people of a vendor at one instant: a link is used or withdrawn, and one mail follows one consent."""

from contracts.actions import vendor_people, vendors
from contracts.actions.vendors import DeadLink
from contracts.models import FurtherColleague, Vendor, VendorInvitation, VendorSeat
from core.errors import InvalidTransition
from tests.cast import PASSWORD, Cast
from tests.contracts.outsiders import ADDRESS, invited, mailed
from tests.threads import together

ROUNDS = 6


def test_a_link_is_used_or_withdrawn_and_a_colleague_is_let_in_once(cloned_db: str, cast: Cast) -> None:
    (token,) = mailed(invited(cast))
    firm = Vendor.objects.get()

    def use_or_withdraw(index: int) -> bool:
        try:
            if index:
                vendor_people.withdraw(vendor=firm, email=ADDRESS, by=cast.hua)
            else:
                vendors.accept(token=token, name="Vera Berg", password=f"{PASSWORD}-outside")
        except (DeadLink, InvalidTransition):
            return False
        return True

    used, withdrawn = together(2, use_or_withdraw)
    assert (used, withdrawn) in {(True, False), (False, True)}
    assert VendorSeat.objects.count() == used
    assert VendorInvitation.objects.filter(withdrawn_at__isnull=False).count() == withdrawn

    for number in range(ROUNDS):
        email = f"erik{number}@nordfrost.example"
        asked = vendor_people.ask(vendor=firm, email=email, reason="Vera named him.", by=cast.hua)

        def decide(index: int, asked: FurtherColleague = asked) -> bool:
            try:
                if index == 2:
                    vendor_people.refuse(colleague=asked, by=cast.hua)
                else:
                    vendor_people.agree(colleague=asked, by=cast.ada)
            except InvalidTransition:
                return False
            return True

        decided = together(3, decide)
        assert decided.count(True) == 1
        asked.refresh_from_db()
        assert asked.agreed is not decided[2]
        assert VendorInvitation.objects.filter(email=email).count() == (not decided[2])
