"""Keys of sealed bids, each wrapped by BID_KEY. Read and written by `contracts.sealing` only."""

from django.db import models


class WrappedKey(models.Model):
    """A random 256-bit key under BID_KEY: one per project (`project:<uuid>`) and one for bidder tokens (`tokens`)."""

    name = models.CharField(primary_key=True, max_length=60)
    wrapped = models.BinaryField()

    def __str__(self) -> str:
        return self.name
