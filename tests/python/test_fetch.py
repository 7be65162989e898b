"""`lockgate.fetch`: what it gives, where it takes it from, and every way in which it fails."""

import json
import os
import pickle
import socket
import subprocess
import unittest
import zipfile
from pathlib import Path
from unittest import mock

from support import ARCH, ASSET, BYTES, TAG, Release, lockgate, sha256

RECEIPT = "lockgate-receipt.json"


def receipt(repository_id: int = 7, package: str = "tool") -> bytes:
    executable = {"variant": ARCH, "name": ASSET, "size": len(BYTES), "sha256": sha256(BYTES), "headers": "", "build_seconds": 1}
    manifest = {"package": package, "package_version": "2", "fingerprint": sha256(b"tree"), "commit": "a" * 40, "run": 9, "attempt": 1}
    origin = {"repository_id": repository_id, "repository": "o/n", "pull_request": 12, "head": "a" * 40}
    promoter = {"login": "m", "lockgate": "0.1.0"}
    whole = {"format": "lockgate.receipt", "version": 1, "tag": TAG, "origin": origin, "promoter": promoter, "promoted_at": 1700000000}
    return json.dumps({**whole, "manifest": {**manifest, "executables": [executable]}}).encode()


class FetchTest(unittest.TestCase):
    def setUp(self) -> None:
        self.release = Release(self)

    def fails(self, kind: type, code: str, **more) -> lockgate.LockgateError:
        """A fetch fails like this, and leaves nothing that could be taken for an executable."""
        with self.assertRaises(lockgate.LockgateError) as caught:
            self.release.fetch(**more)
        error = caught.exception
        self.assertIs(type(error), kind, repr(error))
        self.assertEqual(error.code, code, error)
        self.assertTrue(error.message and error.hint)
        self.assertEqual(str(error), f"{error.message} [{code}]; {error.hint}")
        self.assertEqual([path for path in self.release.kept() if path.stat().st_mode & 0o111], [])
        return error


class WhatItGives(FetchTest):
    def test_the_path_of_a_file_that_runs(self) -> None:
        path = self.release.fetch()
        self.assertIsInstance(path, Path)
        self.assertEqual((path.name, path.read_bytes()), (ASSET, BYTES))
        self.assertEqual(subprocess.run([path], capture_output=True).stdout, b"it works\n")

    def test_the_second_time_nothing_is_downloaded(self) -> None:
        self.assertEqual(self.release.fetch(), self.release.fetch())
        self.assertEqual(self.release.downloads(), 1)

    def test_the_version_is_a_number_a_text_or_a_file_also_of_a_zip(self) -> None:
        file = self.release.folder / "VERSION"
        file.write_text("2\r\n")
        with zipfile.ZipFile(self.release.folder / "package.zip", "w") as archive:
            archive.writestr("p/VERSION", "2\n")
            archive.write(self.release.pins, "p/SHA256SUMS")
        inside = zipfile.Path(self.release.folder / "package.zip", "p/")
        for more in (
            {"version": "2"},
            {"version": None, "version_file": file},
            {"version": None, "version_file": str(file), "pins": str(self.release.pins)},
            {"version": None, "version_file": inside / "VERSION", "pins": inside / "SHA256SUMS"},
        ):
            self.assertEqual(self.release.fetch(**more).read_bytes(), BYTES, more)

    def test_without_pins_the_receipt_is_believed_and_the_log_says_that_it_is_weaker(self) -> None:
        self.release.publish(RECEIPT, receipt())
        with self.assertLogs("lockgate", "INFO") as log:
            self.release.fetch(pins=None, package="tool", repository_id=7)
        self.assertIn("pinned digests would be stronger", log.output[-1])
        with self.assertLogs("lockgate", "INFO") as log:
            self.release.fetch()
        self.assertIn("verified by the pins", log.output[-1])

    def test_variants_are_chosen_by_what_they_are_said_to_need(self) -> None:
        self.release.publish("tool-new-v2", b"too new")
        pins = self.release.pins
        pins.write_text(pins.read_text() + f"{sha256(b'too new')}  tool-new-v2\n")
        new = lockgate.Variant("new", arch=ARCH, libc="glibc", glibc_floor="2.99")
        self.fails(lockgate.LockgateError, "fetch.no-variant", variants=[new])
        self.assertEqual(self.release.fetch(variants=[new, ARCH]).name, ASSET)
        self.assertEqual(self.release.fetch(variant="new").name, "tool-new-v2")


class WhereFrom(FetchTest):
    def setUp(self) -> None:
        super().setUp()
        self.place = self.release.folder / "place"
        (self.place / TAG).mkdir(parents=True)
        for file in (self.place / ASSET, self.place / TAG / ASSET):
            file.write_bytes(BYTES)
            file.chmod(0o755)

    def test_a_bundled_file_is_used_in_place(self) -> None:
        self.assertEqual(self.release.fetch(bundled=self.place, offline=True), self.place / ASSET)

    def test_a_file_of_the_callers_is_verified_all_the_same(self) -> None:
        self.assertEqual(self.release.fetch(file=self.place / ASSET, offline=True).read_bytes(), BYTES)
        other = self.place / "other"
        other.write_bytes(b"other")
        self.release.cache = self.release.folder / "empty"
        self.fails(lockgate.WrongBytes, "fetch.wrong-bytes", file=other)

    def test_mirrors_come_before_the_release_in_their_order(self) -> None:
        nowhere = self.release.folder / "nowhere"
        with self.assertLogs("lockgate", "DEBUG") as log:
            self.release.fetch(mirrors=[nowhere, f"{self.release.url}/m", self.place])
        self.assertEqual(self.release.asked[-1], f"/m/{TAG}/{ASSET}")
        self.assertEqual(self.release.downloads(), 1)
        self.assertIn(f"not from {nowhere}/{TAG}/{ASSET}: it is not there", "\n".join(log.output))

    def test_the_environment_counts_at_the_time_of_the_call_and_arguments_before_it(self) -> None:
        cache = self.release.folder / "of the environment"
        with mock.patch.dict(os.environ, {"LOCKGATE_CACHE": str(cache), "LOCKGATE_MIRROR": str(self.place)}):
            path = self.release.fetch(cache=None, offline=True)
            self.assertTrue(path.is_relative_to(cache))
            with self.assertRaises(lockgate.LockgateError) as caught:
                self.release.fetch(offline=True, mirrors=[])
            self.assertEqual(caught.exception.code, "fetch.offline")
        with mock.patch.dict(os.environ, {"LOCKGATE_RETRIES": "often"}):
            self.fails(lockgate.NotUsable, "fetch.not-usable", retries=None)

    def test_offline_nothing_is_asked(self) -> None:
        self.fails(lockgate.LockgateError, "fetch.offline", offline=True)
        self.assertEqual(self.release.asked, [])


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
        self.fails(lockgate.LockgateError, "fetch.no-pin", variant="s390x")
        self.assertEqual(self.release.asked, [])

    def test_a_receipt_of_another_repository_or_package(self) -> None:
        self.release.publish(RECEIPT, receipt())
        self.fails(lockgate.LockgateError, "fetch.other-repository", pins=None, repository_id=8)
        self.fails(lockgate.LockgateError, "fetch.document", pins=None, package="other")

    def test_files_that_are_not_shipped_or_not_what_they_should_be(self) -> None:
        missing, wrong = self.release.folder / "missing", self.release.folder / "wrong"
        wrong.write_bytes(b"\xff\xfe v2\n")
        for more in ({"version": None, "version_file": missing}, {"version": None, "version_file": wrong}, {"pins": missing}, {"pins": wrong}):
            self.fails(lockgate.LockgateError, "fetch.document", **more)
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
            self.assertIsInstance(self.fails(lockgate.NotUsable, "fetch.not-usable", **more), ValueError)

    def test_wrong_calls_are_type_errors(self) -> None:
        for more in ({"version": None}, {"version_file": self.release.pins}, {"mirrors": "/a"}, {"unknown": 1}, {"repository": 7}):
            with self.assertRaises(TypeError, msg=more):
                self.release.fetch(**more)
        with self.assertRaises(TypeError):
            lockgate.fetch("o/n")

    def test_errors_survive_pickling_as_between_processes(self) -> None:
        self.release.publish(ASSET, 404)
        error = self.fails(lockgate.NotPublished, "fetch.not-published")
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((type(again), again.code, again.hint, str(again)), (type(error), error.code, error.hint, str(error)))

    def test_the_exceptions_are_of_codes_that_the_client_has(self) -> None:
        from lockgate._errors import _OF_CODE, of
        from lockgate._native import CODES

        self.assertLessEqual(set(_OF_CODE), set(CODES))
        for code in CODES:
            self.assertIsInstance(of(code, "m", "h"), lockgate.LockgateError)


if __name__ == "__main__":
    unittest.main()
