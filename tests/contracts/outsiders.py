"""Outside vendors for tests, by the real actions: Lin invites Nordfrost, Vera accepts the link of its mail."""

import re

from django.core import mail
from django.test import Client

from contracts.actions import projects, vendor_mails, vendors
from contracts.actions.vendors import NewVendor
from contracts.models import Project, Vendor, VendorInvitation
from people.models import Notice, User
from tests.cast import PASSWORD, Cast
from tests.contracts.market import drafted

NORDFROST = NewVendor("Nordfrost AB", "SE")
ADDRESS = "vera@nordfrost.example"


def invited(cast: Cast, *, firm: NewVendor = NORDFROST, email: str = ADDRESS, **changes: object) -> Project:
    """A published project to which a vendor is invited; its mails wait for `mailed`."""
    project = drafted(cast, **changes)
    vendors.invite(project=project, vendor=firm, email=email, by=cast.lin)
    return projects.publish(project=project, by=cast.lin)


def mailed(project: Project) -> list[str]:
    """Send the invitations of a project that wait; the tokens in the mails."""
    mail.outbox.clear()
    for pk in VendorInvitation.objects.filter(project=project, sent_at=None).values_list("pk", flat=True):
        vendor_mails.send(str(pk))
    found = (re.search(r"/vendors/invitations/([\w-]+)/", str(letter.body)) for letter in mail.outbox)
    return [match[1] for match in found if match]


def seated(project: Project, name: str = "Vera Berg") -> User:
    """Whoever accepts the one link of a project."""
    (token,) = mailed(project)
    return vendors.accept(token=token, name=name, password=f"{PASSWORD}-outside")


def vendor_of(person: User) -> Vendor:
    return Vendor.objects.get(seats__person=person)


def as_(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def told(who: User) -> list[str]:
    return list(Notice.objects.filter(person=who).order_by("created_at").values_list("sentence", flat=True))
