"""One thread inside a fit: sums in another order would give other centroids."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def limit_to_one_thread() -> Iterator[None]:
    """Limit the numerical libraries to one thread.

    Only loaded libraries can be limited. They are loaded here because importing them takes a second.
    """
    import sklearn.cluster  # noqa: F401 - OpenMP comes with it

    with threadpool_limits(1):
        yield
