"""`load_skills`: put the shipped ESCO skills into the database. Deployments and the seeder call it; safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.translation import gettext as _

from people.esco.load import load_skills


class Command(BaseCommand):
    help = "Load the shipped ESCO skills, or bring them up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            written = load_skills()
        self.stdout.write(_("%(written)s skills written.") % {"written": written})
