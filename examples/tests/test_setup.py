"""scripts/setup.sh, on a machine where it has done its work."""

import unittest

from support import CHECKOUT, run

SETUP = str(CHECKOUT / "scripts" / "setup.sh")


class Setup(unittest.TestCase):
    def test_says_nothing_when_nothing_is_missing(self) -> None:
        for groups in ([], ["rehearse"], ["test"], ["lint"], ["bench"], ["runner"], ["fidelity"], ["wheel"]):
            done = run([SETUP, *groups])
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""), groups)

    def test_refuses_an_unknown_group_and_names_the_known_ones(self) -> None:
        done = run([SETUP, "everything"])
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"there is no group 'everything'; the groups are: rehearse, test, lint, bench, runner, fidelity", done.stderr)


if __name__ == "__main__":
    unittest.main()
