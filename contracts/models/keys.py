"""Keys of sealed bids, each wrapped by BID_KEY. Read and written by `contracts.sealing` only."""

from django.db import models


class WrappedKey(models.Model):
    """A random 256-bit key under BID_KEY: one per project (`project:<uuid>`) and one for bidder tokens (`tokens`).

    When BID_KEY is replaced the same key is wrapped anew; what is sealed under it stays as it is.
    """

    name = models.CharField(primary_key=True, max_length=60)
    wrapped = models.BinaryField()

    def __str__(self) -> str:
        return self.name
