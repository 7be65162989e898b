"""PyGithub drives the rehearsal forge."""

import sys
import unittest
import urllib.request

from support import REPOSITORY, TAG, ClientTest, tool

sys.path[:0] = [str(path) for path in tool("clients-venv/lib").glob("python*/site-packages")]

from github import Auth, BadCredentialsException, Github, UnknownObjectException  # noqa: E402
from github import GithubException as Refused  # noqa: E402


class PyGithubTest(ClientTest):
    agent = "PyGithub"

    def github(self, who: str = "maintainer", **options) -> Github:
        usual = {"retry": None, "seconds_between_requests": 0, "seconds_between_writes": 0}
        return Github(base_url=self.forge.api, auth=Auth.Token(f"{who}-token"), **{**usual, **options})

    def repository(self, who: str = "maintainer", **options):
        return self.github(who, **options).get_repo(REPOSITORY)

    def refused(self, status: int, call, *arguments, **named) -> str:
        with self.assertRaises(Refused) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.status, status, caught.exception)
        return str(caught.exception.data)

    def test_a_release_from_draft_to_deletion(self) -> None:
        repository = self.repository()
        draft = repository.create_git_release("py-v1", "One", "Notes", draft=True, target_commitish="main")
        self.assertTrue(draft.draft)
        file = self.forge.folder / "tool"
        file.write_bytes(b"\x7fELF" + bytes(5000))
        asset = draft.upload_asset(str(file), content_type="application/octet-stream", name="py-tool")
        self.assertEqual((asset.name, asset.size, asset.state), ("py-tool", 5004, "uploaded"))
        self.assertIn("already_exists", self.refused(422, draft.upload_asset, str(file), name="py-tool"))
        published = draft.update_release("One, at last", "Notes", draft=False)
        self.assertEqual((published.name, published.draft), ("One, at last", False))
        found = repository.get_release("py-v1")
        [listed] = found.get_assets()
        self.assertEqual(listed.id, asset.id)
        # By the address for people: PyGithub itself follows no redirect out of /api on a host of its own.
        with urllib.request.urlopen(listed.browser_download_url) as answer:
            self.assertEqual(answer.read(), file.read_bytes())
        self.assertEqual(repository.get_git_ref("tags/py-v1").object.type, "commit")
        self.assertTrue(listed.delete_asset())
        found.delete_release()
        with self.assertRaises(UnknownObjectException):
            repository.get_release("py-v1")

    def test_the_release_of_the_story_is_there(self) -> None:
        release = self.repository("stranger").get_release(TAG)
        names = {asset.name for asset in release.get_assets()}
        self.assertIn("SHA256SUMS", names)
        self.assertIn(TAG, [one.tag_name for one in self.repository().get_releases()])

    def test_a_pull_request_with_comments_statuses_and_a_merge(self) -> None:
        repository, commit = self.repository(), self.forge.branch("py-topic")
        pull = repository.create_pull(base="main", head="py-topic", title="A topic", body="Text")
        self.assertEqual((pull.state, pull.head.sha, pull.base.ref), ("open", commit, "main"))
        self.assertIn("already exists", self.refused(422, repository.create_pull, base="main", head="py-topic", title="Again"))
        self.assertIn(pull.number, [one.number for one in repository.get_pulls(state="open")])
        comment = pull.create_issue_comment("First")
        comment.edit("Second")
        self.assertEqual([one.body for one in pull.get_issue_comments()], ["Second"])
        comment.delete()
        self.assertEqual(list(pull.get_issue_comments()), [])
        status = repository.get_commit(commit).create_status("pending", context="py", description="wait")
        self.assertEqual(status.state, "pending")
        combined = repository.get_commit(commit).get_combined_status()
        self.assertEqual((combined.state, combined.total_count), ("pending", 1))
        self.refused(409, pull.merge, sha="0" * 40)
        self.refused(422, pull.edit, base="not-there")
        repository.create_git_ref("refs/heads/py-base", repository.get_branch("main").commit.sha)
        for base in ("py-base", "main"):
            pull.edit(base=base)
            self.assertEqual(repository.get_pull(pull.number).base.ref, base)
        pull.edit(title="Another title", state="closed")
        self.assertEqual(repository.get_pull(pull.number).state, "closed")
        self.assertEqual(list(pull.get_files()), [])

    def test_refs_are_made_found_moved_and_deleted(self) -> None:
        repository, commit = self.repository(), self.forge.branch("py-source")
        main = repository.get_branch("main").commit.sha
        made = repository.create_git_ref("refs/heads/py/one", main)
        repository.create_git_ref("refs/heads/py/two", main)
        self.assertIn("already exists", self.refused(422, repository.create_git_ref, "refs/heads/py/one", main))
        found = [one.ref for one in repository.get_git_matching_refs("heads/py/")]
        self.assertEqual(found, ["refs/heads/py/one", "refs/heads/py/two"])
        made.edit(commit)
        self.assertEqual(repository.get_git_ref("heads/py/one").object.sha, commit)
        made.delete()
        with self.assertRaises(UnknownObjectException):
            repository.get_git_ref("heads/py/one")

    def test_runs_and_their_artifacts_are_listed(self) -> None:
        repository = self.repository()
        run = next(iter(repository.get_workflow_runs()))
        self.assertEqual((run.status, run.conclusion), ("completed", "success"))
        ours = {artifact.id for artifact in run.get_artifacts()}
        self.assertTrue(ours <= {artifact.id for artifact in repository.get_artifacts()})
        self.assertTrue(ours)

    def test_listings_come_in_pages(self) -> None:
        repository = self.repository(per_page=2)
        main = repository.get_branch("main").commit.sha
        for number in range(5):
            repository.create_git_ref(f"refs/tags/page/{number}", main)
        pages = repository.get_git_matching_refs("tags/page/")
        self.assertEqual([one.ref[-1] for one in pages], list("01234"))
        asked = [one["query"] for one in self.forge.exchanges() if "/git/matching-refs/tags/page" in one["path"].replace("%2F", "/")]
        self.assertEqual(len(asked), 3, asked)

    def test_what_did_not_change_is_not_sent_again(self) -> None:
        release = self.repository().get_release(TAG)
        self.assertFalse(release.update())
        self.assertEqual(self.forge.exchanges()[-1]["status"], 304)

    def test_refusals_become_the_exceptions_of_their_kind(self) -> None:
        with self.assertRaises(BadCredentialsException):
            self.repository("nobody")
        stranger, main = self.repository("stranger"), self.repository().get_branch("main").commit.sha
        self.refused(403, stranger.create_git_ref, "refs/heads/mine", main)
        with self.assertRaises(UnknownObjectException):
            self.repository().get_pull(4711)

    def test_what_the_forge_lacks_it_says(self) -> None:
        said = self.refused(501, list, self.repository().get_milestones())
        self.assertIn("not implemented by the rehearsal forge", said)


if __name__ == "__main__":
    unittest.main()
