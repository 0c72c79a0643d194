"""What commands of several rooms ask of whoever runs them."""

from django.core.management import CommandError
from django.utils.translation import gettext as _

from people.models import User


def person_named(email: str | None) -> User | None:
    """Who runs a command, for the trail; None without an address. Raises CommandError when nobody has it."""
    if not email:
        return None
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        raise CommandError(_("Nobody has the address %(email)s.") % {"email": email}) from None
