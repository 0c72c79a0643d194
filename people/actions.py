"""What is done to people's records: HR hires and corrects, a person sets their own preferences."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import audit
from core.errors import Conflict, Denied, Invalid
from people.models import Role, User

CORRECTABLE = (
    "name",
    "email",
    "employee_number",
    "location",
    "joined_on",
    "language",
    "time_zone",
    "is_active",
    "roles",
)

STAYS = "stays outside or inside"
"""How the database refuses to let somebody with a seat or a place change sides."""
KEEPS = "keeps the address"
"""How it refuses to let an account with a seat in a vendor pass to another address, and so to another person."""
NAMES = "the firm beside the name"
"""How it refuses to let somebody outside be called as if they were inside."""


def check_correct(user: User) -> None:
    """HR keeps people's records."""
    if not user.has_role(Role.HR):
        raise Denied(_("HR keeps people's records."))


def check_roles(user: User, person: User, roles: list[str]) -> None:
    """Nobody changes their own roles; who is outside has no role inside, and who audits no other."""
    if user.pk == person.pk and sorted(roles) != sorted(person.roles):
        raise Denied(_("Nobody changes their own roles. Ask a colleague in HR."))
    if Role.VENDOR in roles and len(set(roles)) > 1:
        raise Invalid(_("Who signs in for an outside vendor has no other role."), field="roles")
    if Role.AUDITOR in roles and len(set(roles)) > 1:
        raise Invalid(_("Who audits reads everything and changes nothing, so has no other role."), field="roles")


@transaction.atomic
def correct(*, person: User, changes: Mapping[str, Any], by: User) -> User:
    """Correct a record. `changes` maps names of `CORRECTABLE` to their new values; the audit row keeps both.

    Raises Denied, Invalid for a name that cannot be corrected, Conflict when somebody with a seat in a vendor would
    come inside, get another address or lose the firm beside the name, or a member of an ME would go outside; the
    database knows all of them.
    """
    check_correct(by)
    row = User.objects.select_for_update().get(pk=person.pk)
    if unknown := set(changes) - set(CORRECTABLE):
        raise Invalid(_("%(names)s cannot be changed here.") % {"names": ", ".join(sorted(unknown))})
    if "roles" in changes:
        check_roles(by, row, list(changes["roles"]))
    before = {name: getattr(row, name) for name in changes}
    for name, value in changes.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save(update_fields=list(changes))
    except IntegrityError as refused:
        raise _kept(refused) from refused
    audit.record(
        by=by,
        deed="person.corrected",
        subject=f"person:{row.pk}",
        about=row.name,
        before={name: str(value) for name, value in before.items()},
        after={name: str(value) for name, value in changes.items()},
    )
    return row


def _kept(refused: IntegrityError) -> Exception:
    """What the database said about somebody with a seat, as a sentence; anything else as it came."""
    if KEEPS in str(refused):
        return Conflict(
            _(
                "The address of somebody who signs in for a vendor stays, because it opens the account. Close the "
                "account, and ask for the new address on the page of the vendor."
            )
        )
    if NAMES in str(refused):
        return Conflict(
            _("The name of somebody who signs in for a vendor ends with the name of the firm. Leave it there.")
        )
    if STAYS in str(refused):
        return Conflict(
            _("Who signs in for a vendor stays outside, and a member of an ME stays inside. Close the account instead.")
        )
    return refused


@transaction.atomic
def hire(*, facts: Mapping[str, Any], by: User) -> User:
    """Add a person without a password; they set one through the reset mail. Raises Denied."""
    check_correct(by)
    values = dict(facts)
    person = User.objects.create_user(values.pop("email"), None, **values)
    audit.record(
        by=by, deed="person.hired", subject=f"person:{person.pk}", about=person.name, roles=sorted(person.roles)
    )
    return person
