"""Advisory file locks that the kernel lets go when a process dies, however it dies. No pid files are trusted here."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_PAUSE = 0.02


class FileLock:
    """One `flock` on one file, shared or exclusive. Each instance is a lock of its own, also inside one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def try_shared(self) -> bool:
        """Take it beside other readers; False if somebody holds it alone."""
        return self._try(fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """Take it alone; False if anybody holds it."""
        return self._try(fcntl.LOCK_EX)

    def wait_shared(self, seconds: float) -> bool:
        return self._wait(fcntl.LOCK_SH, seconds)

    def wait_alone(self, seconds: float) -> bool:
        return self._wait(fcntl.LOCK_EX, seconds)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)  # closing lets go; LOCK_UN first would only add a moment
            self._descriptor = None

    def write(self, text: str) -> None:
        """Leave a note in the locked file, for whoever finds it taken."""
        if self._descriptor is None:
            raise RuntimeError("only the holder of a lock may write into it")
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def _try(self, kind: int) -> bool:
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def _wait(self, kind: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self._try(kind):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock at this moment."""
    if not path.exists():
        return True
    with FileLock(path) as lock:
        return lock.try_alone()
