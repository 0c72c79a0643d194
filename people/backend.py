"""Who signed in, read anew for every page."""

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import QuerySet

from core.clock import MarketNow
from core.prepared import Asked, Bound
from people.models import User


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth is not typed
    """allauth's, with the statement that every page begins with prepared."""

    def get_user(self, user_id: object) -> User | None:
        """The person of a session; None when they may not sign in any more."""
        found: list[User] = Asked(_by_key, "reader", {"key": user_id}).rows()
        return found[0] if found and self.user_can_authenticate(found[0]) else None


def _by_key() -> QuerySet[User]:
    return User.objects.annotate(found_at=MarketNow()).filter(pk=Bound("key", User._meta.pk))
