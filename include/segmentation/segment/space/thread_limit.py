"""One thread inside a fit: sums in another order give other centroids."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def limit_to_one_thread() -> Iterator[None]:
    """Let the numerical libraries use one thread, whatever the machine has.

    Only libraries that are loaded can be limited, and they take a second, so they are loaded here and not on import.
    """
    import sklearn.cluster  # noqa: F401 - OpenMP comes with it

    with threadpool_limits(1):
        yield
