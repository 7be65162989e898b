"""octokit drives the rehearsal forge: what it does is in octokit.mjs."""

import subprocess
import unittest
from pathlib import Path

from support import REPOSITORY, TAG, ClientTest, environment, tool


class OctokitTest(ClientTest):
    agent = "octokit"

    def test_what_octokit_says_of_the_forge(self) -> None:
        self.forge.branch("js-topic")
        octokit = tool("node/octokit/node_modules/octokit/dist-bundle/index.js")
        env = environment(
            OCTOKIT=octokit.as_uri(),
            FORGE_API=self.forge.api,
            FORGE_REPOSITORY=REPOSITORY,
            FORGE_TAG=TAG,
            FORGE_BRANCH="js-topic",
        )
        script = Path(__file__).with_name("octokit.mjs")
        done = subprocess.run(["node", "--test", script], env=env, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("# pass 8", done.stdout)


if __name__ == "__main__":
    unittest.main()
