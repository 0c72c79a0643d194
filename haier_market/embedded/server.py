"""What a keeper needs to know about a server. Two classes implement it: PostgreSQL and Valkey."""

import json
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from haier_market.embedded.places import Home, Places


class Server(ABC):
    """One embedded server of one profile. Holders ask `url` and `answers`; only its keeper starts and stops it."""

    name: ClassVar[str]
    title: ClassVar[str]
    variable: ClassVar[str]

    def __init__(self, places: Places, home: Home) -> None:
        self.places = places
        self.home = home

    @property
    def log(self) -> Path:
        return self.places.logs / f"{self.name}.log"

    @property
    def endpoint(self) -> Path:
        return self.home.directory / "endpoint.json"

    def port(self) -> int:
        """The port it was last given, 0 if none yet."""
        return self._known().get("port", 0)

    def starts(self) -> int:
        """How often it was started in its life: what a holder compares to learn that it was killed and came back."""
        return self._known().get("starts", 0)

    def note_start(self, port: int) -> None:
        """Write down where it answers; readers see the old note or the new one, never half of it."""
        draft = self.endpoint.with_suffix(".draft")
        draft.write_text(json.dumps({"port": port, "starts": self.starts() + 1}))
        draft.replace(self.endpoint)

    def _known(self) -> dict[str, int]:
        try:
            known: dict[str, int] = json.loads(self.endpoint.read_text())
        except FileNotFoundError:
            return {}
        return known

    @abstractmethod
    def prepare(self) -> None:
        """Find the programs, make the data directory, end what a killed keeper left. Raises EmbeddedError."""

    @abstractmethod
    def launch(self, port: int) -> subprocess.Popen[bytes]:
        """Start it on 127.0.0.1:port. It may not answer yet."""

    @abstractmethod
    def furnish(self, port: int) -> bool:
        """Once it answers: prove that it is ours, then create what holders rely on. False: it does not answer yet.

        Raises EmbeddedError when something else answers there.
        """

    @abstractmethod
    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End it in order; afterwards nothing of it runs."""

    @abstractmethod
    def url(self) -> str:
        """The address that holders use, with its password."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a holder can work with it at this moment."""
