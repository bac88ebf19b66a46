"""Classify the errors of a server: retry later, or a person must act."""

from include.segmentation.connections import Address
from include.segmentation.errors import SegmentationError, SourceError, UnavailableError, join_lines

ACCESS_DENIED, UNKNOWN_TABLES = 1227, (1109, 1146)
_OVERLONG = {
    1317,  # ended by KILL QUERY: our watchdog's, or a person's
    1969,  # MariaDB's max_statement_time
    3024,  # MySQL's max_execution_time
}
_TRY_LATER = {
    *(1040, 1203, 1226),  # too many connections: the server's, this user's, this user's in an hour
    *(1053, 1077, 1079, 1927, 3032, 3169),  # shutting down, connection killed, server offline for users
    *(1205, 1213, 1689),  # no lock in time
    *(1158, 1159, 1160, 1161),  # the network, as the server saw it
    *(2002, 2003, 2005, 2006, 2013, 2026, 2055, 4031),  # not reachable, gone away, lost, cut off
}


class ServerError(Exception):
    """An error of the server or the client library, for callers that can handle it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    @classmethod
    def from_driver(cls, error: Exception) -> "ServerError":
        """Convert an error of the client library, in one line."""
        if len(error.args) >= 2 and isinstance(error.args[0], int):
            return cls(error.args[0], join_lines(error.args[1]))
        return cls(0, join_lines(error))


class OverlongError(UnavailableError):
    """A statement took longer than the pace allows, and was ended on the server."""


def explain_server_error(address: Address, error: ServerError) -> SegmentationError:
    """Convert an error of the server at an address into one that a person can act on."""
    kind: type[SegmentationError] = SourceError
    if error.code in _OVERLONG:
        kind = OverlongError
    elif error.code in _TRY_LATER:
        kind = UnavailableError
    return kind(f"{describe_address(address)}: {error} ({error.code})")


def describe_address(address: Address) -> str:
    """Describe a connection and its target for messages."""
    return f"connection '{address.id}' (mysql {address.host}:{address.port or 3306}/{address.database})"
