"""Every way in which `lockgate.fetch` fails: a class of its own for each code, and nothing else comes out."""

import json
import os
import pickle
import socket
import unittest
import zipfile
from unittest import mock

from support import ARCH, ASSET, RECEIPT, TAG, BYTES, FetchTest, Release, lockgate, receipt, sha256


class HowItFails(FetchTest):
    def test_not_published(self) -> None:
        for status in (404, 410):
            self.release.publish(ASSET, status)
            error = self.fails(lockgate.NotPublished, "fetch.not-published")
            self.assertIn(str(status), error.message)

    def test_network(self) -> None:
        self.release.publish(ASSET, 503)
        self.fails(lockgate.NetworkError, "fetch.network")
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            self.fails(lockgate.NetworkError, "fetch.network", server=f"http://127.0.0.1:{nobody.getsockname()[1]}")

    def test_a_web_page_is_a_failure_of_the_network_with_a_class_of_its_own(self) -> None:
        self.release.publish(ASSET, b"<!DOCTYPE html><title>Sign in</title>")
        self.assertIsInstance(self.fails(lockgate.WebPageError, "fetch.web-page"), lockgate.NetworkError)

    def test_a_socks_proxy(self) -> None:
        error = self.fails(lockgate.UnsupportedProxy, "fetch.proxy", proxy="socks5://me:secret@127.0.0.1:1")
        self.assertNotIn("secret", str(error))

    def test_a_cache_that_cannot_be_and_none_at_all(self) -> None:
        self.fails(lockgate.CacheError, "fetch.cache", cache="/proc/no/cache")
        self.fails(lockgate.TooLarge, "fetch.too-large", max_size=5)
        nothing = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME")}
        with mock.patch.dict(os.environ, nothing, clear=True):
            self.fails(lockgate.NoCache, "fetch.no-cache", cache=None)

    def test_wrong_bytes_are_not_kept(self) -> None:
        self.release.publish(ASSET, b"others")
        error = self.fails(lockgate.WrongBytes, "fetch.wrong-bytes")
        self.assertIn(sha256(b"others"), error.message)
        self.assertEqual(self.release.kept(), [])

    def test_withdrawn(self) -> None:
        said = {"package": "tool", "package_version": "2", "tag": TAG, "reason": "it eats files", "by": "m", "withdrawn_at": 1700000001}
        said = {"format": "lockgate.withdrawal", "version": 1, **said}
        self.release.publish("lockgate-withdrawal.json", json.dumps(said).encode(), f"withdrawn-{TAG}")
        error = self.fails(lockgate.Withdrawn, "fetch.withdrawn")
        self.assertIn("it eats files", error.message)
        self.assertEqual(self.release.fetch(check_withdrawn=False).read_bytes(), BYTES)

    def test_a_name_that_the_pins_lack_is_never_downloaded(self) -> None:
        self.fails(lockgate.NoPin, "fetch.no-pin", variant="s390x")
        self.assertEqual(self.release.asked, [])

    def test_a_receipt_of_another_repository_or_package(self) -> None:
        self.release.publish(RECEIPT, receipt())
        self.fails(lockgate.RepositoryMismatch, "fetch.other-repository", pins=None, repository_id=8)
        self.fails(lockgate.DocumentError, "fetch.document", pins=None, package="other")

    def test_files_that_are_not_shipped_or_not_what_they_should_be(self) -> None:
        missing, wrong = self.release.folder / "missing", self.release.folder / "wrong"
        wrong.write_bytes(b"\xff\xfe v2\n")
        for more in ({"version": None, "version_file": missing}, {"version": None, "version_file": wrong}, {"pins": missing}, {"pins": wrong}):
            self.fails(lockgate.DocumentError, "fetch.document", **more)
        self.assertEqual(self.release.asked, [])

    def test_what_is_malformed_is_a_value_error_too(self) -> None:
        for more in (
            {"repository": "n"},
            {"server": "github.com"},
            {"tag": "tool"},
            {"asset": "tool-v{version}"},
            {"timeout": 0},
            {"retries": 101},
            {"mirrors": ["mirror.example"]},
            {"variants": [lockgate.Variant("a", libc="other")]},
            {"variants": [lockgate.Variant("a", glibc_floor="2")]},
        ):
            self.assertIsInstance(self.fails(lockgate.InvalidInput, "fetch.not-usable", **more), ValueError)

    def test_wrong_calls_are_type_errors(self) -> None:
        for more in (
            {"version": None},
            {"version_file": self.release.pins},
            {"mirrors": "/a"},
            {"ca_files": b"/a"},
            {"unknown": 1},
            {"repository": 7},
            {"repository": b"o/n"},
            {"pins": 7},
            {"timeout": 1.5},
            {"timeout": "5"},
            {"offline": "no"},
            {"cache": 7},
        ):
            with self.assertRaises(TypeError, msg=more):
                self.release.fetch(**more)
        with self.assertRaises(TypeError):
            lockgate.fetch("o/n")

    def test_errors_survive_pickling_as_between_processes(self) -> None:
        self.release.publish(ASSET, 404)
        error = self.fails(lockgate.NotPublished, "fetch.not-published")
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((type(again), again.code, again.hint, str(again)), (type(error), error.code, error.hint, str(error)))


ODD = ("", "\0", "a\0b", "\udcff", "\ud800\udc00", "x" * 100_000, "../../..", "\n", "{", "-1", "é\u202e", b"\xff", b"\0", 0, -1, 2**70, 10**5000, True)
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
VARIABLES = ("CACHE", "MIRROR", "BUNDLED", "PROXY", "CA_FILE", "TIMEOUT", "TOTAL_TIMEOUT", "RETRIES", "REPOSITORY_ID", "MAX_SIZE")


class WhateverIsGiven(FetchTest):
    """Odd values in every place: the file comes, or a LockgateError, or a TypeError for a wrong type. Never anything else."""

    def outcome(self, *wrong_type: type, **more) -> None:
        try:
            self.assertEqual(self.release.fetch(**more).read_bytes(), BYTES)
        except (lockgate.LockgateError, *wrong_type):
            pass

    def test_odd_arguments(self) -> None:
        takes = {"repository", "tag", "asset", "version", "version_file", "pins", "package", "repository_id", "variant", "variants", "server"}
        takes |= {"file", "bundled", "cache", "mirrors", "offline", "check_withdrawn", "proxy", "ca_files", "timeout", "total_timeout"}
        takes |= {"retries", "max_size"}
        self.assertEqual(takes | {"progress"}, set(lockgate.fetch.__kwdefaults__) | {"repository", "tag", "asset"})
        os.chdir(self.release.folder)
        self.addCleanup(os.chdir, "/")
        for name in takes:
            for odd in ODD:
                given = {"version": None} if name == "version_file" else {}
                for value in (odd, [odd], [lockgate.Variant("a", odd, odd, odd, odd)] if name == "variants" else None):
                    with self.subTest(name=name, odd=ascii(odd)[:40] if not isinstance(odd, int) else odd.bit_length()):
                        self.outcome(TypeError, **{**given, "timeout": 5, name: value})

    def test_odd_variables_of_the_environment(self) -> None:
        names = [f"LOCKGATE_{name}" for name in VARIABLES] + [*PROXIES, *map(str.upper, PROXIES), "HOME", "XDG_CACHE_HOME", "SSL_CERT_FILE"]
        odd = [value for value in ODD if isinstance(value, str) and "\0" not in value and value != "\ud800\udc00"]
        for name in names:
            for value in [*odd, "socks5://x", "http://[::1", "http://a:b@\udcff"]:
                with self.subTest(name=name, value=ascii(value)[:40]), mock.patch.dict(os.environ, {name: value}):
                    keeps = {} if name not in ("LOCKGATE_CACHE", "HOME", "XDG_CACHE_HOME") else {"cache": None}
                    with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(self.release.cache)} if name == "LOCKGATE_CACHE" else {}):
                        os.chdir(self.release.folder)
                        self.addCleanup(os.chdir, "/")
                        self.outcome(retries=None, **keeps)

    def test_a_variable_that_is_not_utf_8_is_used_as_a_path_or_named(self) -> None:
        odd = os.path.join(os.fsencode(self.release.folder), b"caf\xe9")
        for name in (b"LOCKGATE_CACHE", b"XDG_CACHE_HOME", b"HOME"):
            with mock.patch.dict(os.environb, {name: odd}):
                path = self.release.fetch(cache=None)
            self.assertTrue(os.fsencode(path).startswith(odd), path)
            self.assertEqual(path.read_bytes(), BYTES)
        for name in (b"LOCKGATE_MIRROR", b"LOCKGATE_PROXY", b"LOCKGATE_TIMEOUT", b"LOCKGATE_TOTAL_TIMEOUT", b"LOCKGATE_REPOSITORY_ID"):
            with mock.patch.dict(os.environb, {name: odd}):
                error = self.fails(lockgate.InvalidInput, "fetch.not-usable")
            self.assertIn(name.decode(), error.message)

    def test_a_path_that_is_not_utf_8_is_a_path(self) -> None:
        folder = os.path.join(os.fsencode(self.release.folder), b"caf\xe9")
        os.mkdir(folder)
        for name, content in ((b"VERSION", b"2"), (b"SUMS", self.release.pins.read_bytes()), (b"bytes", BYTES)):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        for path in (folder, os.fsdecode(folder)):
            below = [os.path.join(path, type(path)(name, "ascii") if isinstance(path, bytes) else name) for name in ("VERSION", "SUMS", "bytes")]
            at = self.release.fetch(version=None, version_file=below[0], pins=below[1], file=below[2], cache=path, bundled=path)
            self.assertTrue(os.fsencode(at).startswith(folder))

    def test_a_resource_that_cannot_be_read_for_whatever_reason(self) -> None:
        class Broken:
            def __init__(self, error: Exception) -> None:
                self.error = error

            def read_bytes(self) -> bytes:
                raise self.error

        for error in (OSError("no"), KeyError("no"), zipfile.BadZipFile("no"), RuntimeError("\udcff")):
            for more in ({"pins": Broken(error)}, {"version": None, "version_file": Broken(error)}):
                self.assertIs(self.fails(lockgate.DocumentError, "fetch.document", **more).__cause__, error)


class Codes(unittest.TestCase):
    def test_every_code_of_the_client_has_a_class_of_its_own_that_is_public(self) -> None:
        from lockgate._errors import _OF_CODE
        from lockgate._native import CODES

        self.assertEqual(set(_OF_CODE), set(CODES))
        self.assertEqual(len(set(_OF_CODE.values())), len(_OF_CODE))
        for code, kind in _OF_CODE.items():
            self.assertTrue(issubclass(kind, lockgate.LockgateError) and kind is not lockgate.LockgateError)
            self.assertIs(getattr(lockgate, kind.__name__), kind)
            self.assertIn(kind.__name__, lockgate.__all__)
            self.assertIn(f'"{code}"', kind.__doc__)

    def test_a_panic_is_an_error_with_a_code(self) -> None:
        from lockgate import _native

        release = Release(self)
        for at_once in (True, False):
            with mock.patch.object(_native, "begin", lambda args: _native._begin_panicking(at_once)):
                with self.assertRaises(lockgate.InternalError) as caught:
                    release.fetch()
            self.assertEqual(caught.exception.code, "fetch.internal")
            self.assertIn("on purpose", caught.exception.message)


if __name__ == "__main__":
    unittest.main()
