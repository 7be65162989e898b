"""The exceptions, and the mapping from codes to them."""

from __future__ import annotations


class LockgateError(Exception):
    """There is no verified executable.

    Attributes:
        code: the stable code of the reason, such as "fetch.network". It never changes its meaning.
        message: what was wrong, as text to show.
        hint: what to do next, as text to show.
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
    """The release does not have it for the public: it was never published, or access is denied.

    The code is "fetch.not-published". A retry does not help; publishing does.
    """


class NetworkError(LockgateError):
    """Could not determine whether it is published: no connection, a time-out, a certificate, a server error.

    The code is "fetch.network". A retry may help; so may a mirror.
    """


class WebPageError(NetworkError):
    """The network returned a web page instead of the file: a login page, or a filter.

    The code is "fetch.web-page".
    """


class UnsupportedProxy(LockgateError):
    """An address would be reached through a proxy of a kind that is not supported.

    The code is "fetch.proxy".
    """


class WrongBytes(LockgateError):
    """The bytes are not the expected ones. None of them were kept, and no other source was asked.

    The code is "fetch.wrong-bytes". Never continue as if the file were missing: it may have been tampered with.
    """


class Withdrawn(LockgateError):
    """The maintainers withdrew the version; it must not be used. The message has their reason.

    The code is "fetch.withdrawn".
    """


class InvalidInput(LockgateError, ValueError):
    """An argument or a variable of the environment is not in the expected form.

    The code is "fetch.not-usable".
    """


class NoPin(LockgateError):
    """The pins, or the receipt, do not name the executable. Nothing was downloaded.

    The code is "fetch.no-pin".
    """


class NoVariant(LockgateError):
    """No variant fits this machine.

    The code is "fetch.no-variant".
    """


class AmbiguousVariant(LockgateError):
    """Several variants fit this machine equally well.

    The code is "fetch.ambiguous-variant".
    """


class RepositoryMismatch(LockgateError):
    """The receipt names another repository than the expected one.

    The code is "fetch.other-repository".
    """


class Offline(LockgateError):
    """The executable is not on this machine, and `offline` forbids the network.

    The code is "fetch.offline".
    """


class DocumentError(LockgateError):
    """A version file, pins, a receipt or a withdrawal cannot be read, or belongs to something else.

    The code is "fetch.document".
    """


class CacheError(LockgateError):
    """A file cannot be read or written.

    The code is "fetch.cache".
    """


class NoCache(CacheError):
    """There is no folder for a cache.

    The code is "fetch.no-cache".
    """


class NoExec(CacheError):
    """The executable is where nothing can be executed, as on a file system that is mounted `noexec`.

    The code is "fetch.noexec".
    """


class TooLarge(LockgateError):
    """The file is larger than `max_size`.

    The code is "fetch.too-large".
    """


class Stopped(LockgateError):
    """The fetch was stopped from outside.

    The code is "fetch.stopped".
    """


class InternalError(LockgateError):
    """A bug of Lockgate, or a system without memory or threads.

    The code is "fetch.internal".
    """


# One class for each code of the client: tests compare the two.
_OF_CODE: dict[str, type[LockgateError]] = {
    "fetch.not-usable": InvalidInput,
    "fetch.not-published": NotPublished,
    "fetch.network": NetworkError,
    "fetch.web-page": WebPageError,
    "fetch.proxy": UnsupportedProxy,
    "fetch.wrong-bytes": WrongBytes,
    "fetch.withdrawn": Withdrawn,
    "fetch.no-pin": NoPin,
    "fetch.no-variant": NoVariant,
    "fetch.ambiguous-variant": AmbiguousVariant,
    "fetch.other-repository": RepositoryMismatch,
    "fetch.offline": Offline,
    "fetch.document": DocumentError,
    "fetch.cache": CacheError,
    "fetch.no-cache": NoCache,
    "fetch.noexec": NoExec,
    "fetch.too-large": TooLarge,
    "fetch.stopped": Stopped,
    "fetch.internal": InternalError,
}


def of(code: str, message: str, hint: str) -> LockgateError:
    """Returns the exception for an error of the client."""
    return _OF_CODE.get(code, LockgateError)(message, code, hint)


def invalid(value: object, expected: str) -> LockgateError:
    """Returns the exception for an argument that is not in the expected form."""
    return of("fetch.not-usable", f"{value} is not {expected}", "give it in the form that is expected")
