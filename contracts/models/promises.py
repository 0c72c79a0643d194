"""How promises are kept in the market as a whole, worked out once a day: what newcomers are measured by."""

from django.db import models
from django.db.models import Q


class MarketPromise(models.Model):
    """The mean share of what was promised and kept, over the contracts that ended lately (see `contracts.promises`)."""

    day = models.DateField(primary_key=True)
    contracts = models.PositiveIntegerField()
    mean_ppm = models.PositiveIntegerField(help_text="Parts of a million.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(mean_ppm__lte=1_000_000), name="a_mean_is_at_most_the_whole")]

    def __str__(self) -> str:
        return str(self.day)
