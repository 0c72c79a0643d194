"""The verbs of this room, a file per noun. Locks are taken in one order: idea or ME, seat, invitation, pledge."""
