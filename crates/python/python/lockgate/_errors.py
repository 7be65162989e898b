"""The exceptions, and which one belongs to which code."""

from __future__ import annotations


class LockgateError(Exception):
    """There is no verified executable.

    Attributes:
        code: the stable code of the reason, such as "fetch.network". It never changes its meaning.
        message: what was wrong, for people.
        hint: what to do next, for people.
    """

    code: str
    message: str
    hint: str

    def __init__(self, message: str, code: str, hint: str) -> None:
        super().__init__(message, code, hint)
        self.message = message
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]; {self.hint}"


class NotPublished(LockgateError):
    """The release does not have it for the public: it was never published, or nobody may read it.

    The code is "fetch.not-published". Trying again does not help, publishing does.
    """


class NetworkError(LockgateError):
    """Nobody can tell whether it is there: no connection, a time-out, a certificate, a server in trouble.

    The code is "fetch.network". Trying again may help; so may a mirror.
    """


class WrongBytes(LockgateError):
    """What came is not what was promised. Nothing of it was kept, and no other place was asked.

    The code is "fetch.wrong-bytes". Never go on as if it were a missing file: somebody may have tampered with it.
    """


class Withdrawn(LockgateError):
    """The maintainers took the version back; it must not be used. The message has their reason.

    The code is "fetch.withdrawn".
    """


class NotUsable(LockgateError, ValueError):
    """An argument or a variable of the environment is not in the form that is expected.

    The code is "fetch.not-usable".
    """


_OF_CODE: dict[str, type[LockgateError]] = {
    "fetch.not-published": NotPublished,
    "fetch.network": NetworkError,
    "fetch.wrong-bytes": WrongBytes,
    "fetch.withdrawn": Withdrawn,
    "fetch.not-usable": NotUsable,
}


def of(code: str, message: str, hint: str) -> LockgateError:
    """The exception for what the client says."""
    return _OF_CODE.get(code, LockgateError)(message, code, hint)
