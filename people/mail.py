"""Notices as e-mail: the sentence and where to look. Nothing else goes out of the market by mail."""

from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _
from django.utils.translation import override

from people.models import Notice


def send_notice(notice_id: str) -> bool:
    """Send one notice; False when there is none any more. Sent twice it says the same thing twice."""
    notice = Notice.objects.select_related("person").filter(pk=notice_id, person__is_active=True).first()
    if notice is None:
        return False
    with override(notice.person.language or "en"):
        body = _("%(sentence)s\n\nLook here: %(link)s") % {
            "sentence": notice.sentence,
            "link": f"{settings.PUBLIC_URL}{notice.link or '/'}",
        }
        subject = _("Haier Market: %(sentence)s") % {"sentence": notice.sentence.splitlines()[0][:120]}
    return bool(send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [notice.person.email]))
