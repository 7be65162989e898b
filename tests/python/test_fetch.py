"""`lockgate.fetch`: what it returns, and where it takes it from."""

import os
import subprocess
import unittest
import zipfile
from pathlib import Path
from unittest import mock

from support import ARCH, ASSET, BYTES, RECEIPT, TAG, FetchTest, lockgate, receipt, sha256

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
        self.assertIn("verified by pinned digests", log.output[-1])

    def test_variants_are_chosen_by_what_they_are_said_to_need(self) -> None:
        self.release.publish("tool-new-v2", b"too new")
        pins = self.release.pins
        pins.write_text(pins.read_text() + f"{sha256(b'too new')}  tool-new-v2\n")
        new = lockgate.Variant("new", arch=ARCH, libc="glibc", glibc_floor="2.99")
        self.fails(lockgate.NoVariant, "fetch.no-variant", variants=[new])
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
            self.fails(lockgate.InvalidInput, "fetch.not-usable", retries=None)

    def test_offline_nothing_is_asked(self) -> None:
        self.fails(lockgate.Offline, "fetch.offline", offline=True)
        self.assertEqual(self.release.asked, [])


if __name__ == "__main__":
    unittest.main()
