//! The requests of the calls, and how they interpret the responses.

use super::server::{Server, reply};
use super::*;
use crate::{ErrorKind, Forge, NewRelease};
use lockgate_core::promote::{PullState, RunOutcome};
use lockgate_core::{BranchName, CommitId, Digest, Login, PullNumber, ReleaseId, Role, RunId, Tag};

fn pull(number: u64, state: &str, merged_at: &str, repo: &str) -> String {
    format!(
        r#"{{"number":{number},"state":"{state}","merged_at":{merged_at},"html_url":"http://x/pull/{number}",
            "head":{{"sha":"{COMMIT}","ref":"weird..branch","repo":{repo}}},
            "base":{{"ref":"main","repo":{REPOSITORY}}}}}"#
    )
}

#[test]
fn a_pull_request_is_open_merged_or_closed_and_its_fork_may_be_gone() {
    let list = format!(
        "[{},{},{}]",
        pull(1, "open", "null", r#"{"id":6,"owner":{"login":"fork"}}"#),
        pull(2, "closed", r#""2026-01-01T00:00:00Z""#, "null"),
        pull(3, "closed", "null", "null")
    );
    let server = Server::playing(vec![reply(200, "", &list)]);
    let branch: BranchName = "a/b".parse().unwrap();
    let found = github(&server.url).pulls_from("octo", &branch).unwrap();
    let states: Vec<_> = found
        .iter()
        .map(|pull| (pull.facts.state, pull.facts.head_repository.map(|id| id.0)))
        .collect();
    assert_eq!(
        states,
        [(PullState::Open, Some(6)), (PullState::Merged, None)]
    );
    assert_eq!(
        (
            found[0].facts.head_branch.as_str(),
            found[0].repository.id.0
        ),
        ("weird..branch", 5)
    );
    assert_eq!(
        server.seen()[0].line,
        "GET /repos/octo/tools/pulls?state=all&head=octo%3Aa%2Fb&per_page=100 HTTP/1.1"
    );
}

fn run(id: u64, status: &str, conclusion: &str) -> String {
    format!(
        r#"{{"id":{id},"run_attempt":2,"status":"{status}","conclusion":{conclusion},"event":"pull_request","head_sha":"{COMMIT}",
            "head_branch":null,"head_repository":null,"workflow_id":11,"path":".github/workflows/build.yml","html_url":"http://x/{id}"}}"#
    )
}

#[test]
fn runs_come_newest_first_and_a_state_that_is_not_known_is_not_the_end() {
    let list = format!(
        r#"{{"total_count":4,"workflow_runs":[{},{},{},{}]}}"#,
        run(1, "completed", r#""success""#),
        run(4, "some_day", "null"),
        run(3, "completed", "null"),
        run(2, "completed", r#""timed_out""#)
    );
    let server = Server::playing(vec![reply(200, "", &list)]);
    let head: CommitId = COMMIT.parse().unwrap();
    let found = github(&server.url)
        .runs_of(".github/workflows/build.yml", &head, None)
        .unwrap();
    let outcomes: Vec<_> = found.into_iter().map(|run| run.facts.outcome).collect();
    let failed = |word: &str| RunOutcome::Failed(word.into());
    assert_eq!(
        outcomes,
        [
            RunOutcome::Running,
            failed("unknown"),
            failed("timed_out"),
            RunOutcome::Succeeded
        ]
    );
    let line = format!(
        "GET /repos/octo/tools/actions/workflows/build.yml/runs?head_sha={COMMIT}&per_page=100 HTTP/1.1"
    );
    assert_eq!(server.seen()[0].line, line);
}

#[test]
fn a_role_is_read_from_its_own_name_first() {
    let table = [
        (
            r#"{"permission":"write","role_name":"maintain"}"#,
            Role::Maintain,
        ),
        (r#"{"permission":"admin"}"#, Role::Admin),
        (
            r#"{"permission":"write","role_name":"our-own"}"#,
            Role::None,
        ),
        ("{}", Role::None),
    ];
    for (body, role) in table {
        let server = Server::playing(vec![reply(200, "", body)]);
        let login: Login = "github-actions[bot]".parse().unwrap();
        assert_eq!(github(&server.url).role(&login), Ok(role), "{body}");
        let line =
            "GET /repos/octo/tools/collaborators/github-actions%5Bbot%5D/permission HTTP/1.1";
        assert_eq!(server.seen()[0].line, line);
    }
}

#[test]
fn the_newest_status_of_a_context_counts_without_case() {
    let list = r#"[
        {"context":"other","state":"failure"},
        {"context":"Lockgate/Tool","state":"success","description":"new","creator":{"login":"octo"}},
        {"context":"lockgate/tool","state":"pending","description":"old"}]"#;
    let server = Server::playing(vec![reply(200, "", list), reply(200, "", "[]")]);
    let github = github(&server.url);
    let commit: CommitId = COMMIT.parse().unwrap();
    let status = github.status(&commit, "lockgate/tool").unwrap().unwrap();
    assert_eq!(
        (status.state.as_str(), status.description.as_str()),
        ("success", "new")
    );
    assert_eq!(github.status(&commit, "lockgate/tool"), Ok(None));
}

#[test]
fn a_draft_is_made_with_everything_and_published_with_nothing_else() {
    let server = Server::new(|url| {
        vec![
            reply(201, "", &release_json(url)),
            reply(200, "", &release_json(url)),
        ]
    });
    let github = github(&server.url);
    let (tag, target): (Tag, CommitId) = ("tool-v2".parse().unwrap(), COMMIT.parse().unwrap());
    github
        .create_draft(&NewRelease {
            tag: &tag,
            target: &target,
            title: "Tool 2",
            notes: "notes",
            prerelease: false,
        })
        .unwrap();
    github.publish(ReleaseId(7)).unwrap();
    let seen = server.seen();
    let bodies: Vec<_> = seen
        .iter()
        .map(|seen| {
            (
                seen.line.as_str(),
                String::from_utf8_lossy(&seen.body).into_owned(),
            )
        })
        .collect();
    let draft = format!(
        r#"{{"body":"notes","draft":true,"make_latest":"false","name":"Tool 2","prerelease":false,"tag_name":"tool-v2","target_commitish":"{COMMIT}"}}"#
    );
    assert_eq!(
        bodies,
        [
            ("POST /repos/octo/tools/releases HTTP/1.1", draft),
            (
                "PATCH /repos/octo/tools/releases/7 HTTP/1.1",
                r#"{"draft":false,"make_latest":"false"}"#.to_owned()
            ),
        ]
    );
}

#[test]
fn no_release_of_a_tag_is_an_answer_and_a_draft_is_no_release() {
    let server = Server::new(|url| {
        vec![
            reply(404, "", "{}"),
            reply(200, "", &release_json(url)),
            reply(403, "", "{}"),
        ]
    });
    let github = github(&server.url);
    let tag: Tag = "tool-v2".parse().unwrap();
    assert_eq!(github.release_of_tag(&tag), Ok(None));
    assert_eq!(github.release_of_tag(&tag), Ok(None));
    assert_eq!(
        github.release_of_tag(&tag).unwrap_err().kind,
        ErrorKind::Denied
    );
}

#[test]
fn digests_of_another_kind_and_states_that_are_not_known_count_as_unsaid() {
    let digest = Digest::of(b"data");
    let artifact = |text: &str| {
        format!(
            r#"{{"id":1,"name":"a","size_in_bytes":4,"expired":false,"digest":{text},"workflow_run":{{"id":8}}}}"#
        )
    };
    let body = format!(
        r#"{{"artifacts":[{},{},{}]}}"#,
        artifact(&format!(r#""sha256:{digest}""#)),
        artifact(r#""sha512:00""#),
        artifact("null")
    );
    let asset = asset_json("tool").replace("uploaded", "starter");
    let release = release_json("http://x").replace(&asset_json("tool"), &asset);
    let server = Server::playing(vec![reply(200, "", &body), reply(200, "", &release)]);
    let github = github(&server.url);
    let digests: Vec<_> = github
        .artifacts(RunId(8))
        .unwrap()
        .into_iter()
        .map(|it| (it.facts.sha256, it.facts.run))
        .collect();
    assert_eq!(
        digests,
        [
            (Some(digest), Some(RunId(8))),
            (None, Some(RunId(8))),
            (None, Some(RunId(8)))
        ]
    );
    assert!(!github.release(ReleaseId(7)).unwrap().assets[0].complete);
}

#[test]
fn an_answer_that_makes_no_sense_is_garbled() {
    for body in ["", "[]", "{", "<html>", r#"{"id":"five"}"#] {
        let server = Server::playing(vec![reply(200, "", body)]);
        assert_eq!(
            github(&server.url).repository().unwrap_err().kind,
            ErrorKind::InvalidResponse,
            "{body}"
        );
    }
}

#[test]
fn an_answer_that_is_too_large_is_not_held() {
    let server = Server::playing(vec![reply(200, "", &" ".repeat(9 << 20))]);
    let error = github(&server.url).repository().unwrap_err();
    assert_eq!(
        (error.kind, error.detail.as_str()),
        (
            ErrorKind::InvalidResponse,
            "the answer is larger than 8 MiB"
        )
    );
}

#[test]
fn foreign_text_in_errors_is_escaped_and_cut() {
    let body = format!(r#"{{"message":"\u001b[31m{}"}}"#, "x".repeat(9000));
    let server = Server::playing(vec![reply(404, "", &body)]);
    let error = github(&server.url).pull(PullNumber(1)).unwrap_err();
    assert!(
        error.detail.contains(r"\u{1b}[31mxxx") && error.detail.chars().count() == 501,
        "{error}"
    );
}
