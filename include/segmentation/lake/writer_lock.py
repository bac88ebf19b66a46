"""One writer at a time for each change log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import AcquireReturnProxy, FileLock, Timeout

from include.segmentation.errors import UnavailableError

_LOCK_SECONDS = 600
_LOGGER = logging.getLogger(__name__)


@contextmanager
def lock_log(uri: str, name: str) -> Iterator[None]:
    """Hold the only writer's lock of a log.

    Raises:
        UnavailableError: another writer held it for too long.
    """
    if "://" in uri:  # object stores have no lock: Delta's optimistic commit and the version check protect the log
        yield
        return
    path = Path(uri).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = _acquire(FileLock(path), name)  # the system releases it when its process ends, however that happens
    except Timeout:
        raise UnavailableError(f"change log '{name}': another writer holds {path}") from None
    with lock:
        yield


def _acquire(lock: FileLock, name: str) -> AcquireReturnProxy[FileLock]:
    try:
        return lock.acquire(blocking=False)
    except Timeout:
        _LOGGER.warning("change log '%s': another writer is at work; waiting up to %s s", name, _LOCK_SECONDS)
        return lock.acquire(timeout=_LOCK_SECONDS)
