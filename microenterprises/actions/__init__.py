"""The verbs of this room, a file per noun. Locks are taken in one order: ME, idea, seat, invitation, pledge."""
