"""What the API answers where it gives no report."""


class RequestError(Exception):
    """A request that the API refuses.

    Attributes:
        code: the HTTP status.
        status: Google's name for it, such as INVALID_ARGUMENT.
    """

    def __init__(self, code: int, status: str, message: str):
        super().__init__(message)
        self.code, self.status = code, status


def make_invalid_error(message: str) -> RequestError:
    """400, as the API words it where it is one of the API's own refusals."""
    return RequestError(400, "INVALID_ARGUMENT", message)
