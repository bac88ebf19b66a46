"""Error responses of the API."""


class RequestError(Exception):
    """A request that the API rejects.

    Attributes:
        code: the HTTP status.
        status: Google's name for the status, such as INVALID_ARGUMENT.
    """

    def __init__(self, code: int, status: str, message: str):
        super().__init__(message)
        self.code, self.status = code, status


def make_invalid_error(message: str) -> RequestError:
    """Make a 400 error; the text is the API's own for errors that the API also reports."""
    return RequestError(400, "INVALID_ARGUMENT", message)
