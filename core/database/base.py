"""The one class that Django looks for in the module of an ENGINE."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that lies ready between two requests, whose server may have ended meanwhile."""

    def is_usable(self) -> bool:
        """Whether the next statement will reach a server; asked before the first of each request.

        A server that ends, or ends a session, says so on the connection. Where nothing has been said there is nothing
        to ask; where something has (it may be a notice), Django asks by a statement of its own.
        """
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return not waiting.poll(0) or super().is_usable()
