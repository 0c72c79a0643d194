"""`manage.py draw_lifecycles`: writes docs/lifecycles.md from the rooms' tables."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from haier_market.lifecycles import drawn


class Command(BaseCommand):
    help = "Writes docs/lifecycles.md from the tables of states."

    def handle(self, *args: Any, **options: Any) -> None:
        target = settings.BASE_DIR / "docs" / "lifecycles.md"
        target.write_text(drawn(), encoding="utf-8")
        self.stdout.write(f"{target.relative_to(settings.BASE_DIR)} is drawn.")
