"""The keys of a profile: made once, readable by their owner only, kept beside the data they protect."""

import base64
import contextlib
import os
import tempfile
from pathlib import Path


def kept_secret(path: Path, *, size: int = 32) -> str:
    """The secret in the file, made on first use: `size` random bytes as urlsafe base64.

    Two processes that ask at once get the same one: the file appears complete or not at all, and the first wins.
    """
    if not path.exists():
        _publish(path, base64.urlsafe_b64encode(os.urandom(size)).decode())
    return path.read_text().strip()


def _publish(path: Path, text: str) -> None:
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 from the start
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
