//! Measures `lockgate detect` in a large repository, as the build workflow calls it and with an explicit base.

use std::process::Stdio;

use serde_json::json;

use crate::program::{LOCKGATE, command, git};
use crate::repository;
use crate::table::{Table, median, milliseconds, ratio};

pub(crate) fn figures(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let clone = repository::large(folder.path());
    let commit = |name: &str| git(&clone, &["rev-parse", name]).trim().to_owned();
    let (head, base) = (commit("HEAD"), commit("origin/main"));
    let event = folder.path().join("event.json");
    let pull =
        json!({ "number": 1, "head": { "sha": head }, "base": { "ref": "main", "sha": base } });
    std::fs::write(
        &event,
        json!({ "number": 1, "pull_request": pull }).to_string(),
    )
    .unwrap();
    let output = folder.path().join("output");

    let run = |program: &str, args: &[&str], in_workflow: bool| {
        let mut command = command(program, &clone);
        // No release has this tag, so that only git is queried.
        command
            .env("GITHUB_SERVER_URL", "http://127.0.0.1:9")
            .env("GITHUB_REPOSITORY", "bench/large");
        if in_workflow {
            command
                .env("GITHUB_ACTIONS", "true")
                .env("GITHUB_EVENT_PATH", &event)
                .env("GITHUB_OUTPUT", &output);
        }
        let status = command
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{program} {args:?}: {status}");
    };
    let workflow = median(15, || run(LOCKGATE, &["detect"], true));
    let named = median(15, || {
        run(
            LOCKGATE,
            &["detect", "--base", &base, "--head", &head],
            false,
        )
    });
    let list = median(15, || run("git", &["ls-tree", "-r", "-z", "HEAD"], false));
    let tips = median(15, || {
        run("git", &["ls-remote", "--quiet", "origin"], false)
    });
    let stderr = std::fs::read_to_string(&output).unwrap();
    assert!(
        stderr.contains("decision") && stderr.contains("build"),
        "{stderr}"
    );

    table.at_most(
        "detect: 7,500 commits, 2,500 files, as in the workflow, median of 15",
        workflow,
        0.050,
        milliseconds,
    );
    table.reported("  with a base that is named", milliseconds(named));
    table.reported("  git ls-tree -r alone", milliseconds(list));
    table.reported("  git ls-remote alone", milliseconds(tips));
    table.reported(
        "  detect as a multiple of both trees and one ls-remote",
        ratio(workflow / (2.0 * list + tips)),
    );
}
