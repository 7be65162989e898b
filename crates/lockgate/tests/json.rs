//! What commands print with `--output-format json`: one document each, valid by its schema, in success and in failure.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

#[path = "promotion/fixture.rs"]
#[expect(dead_code, reason = "the promotion tests use more of it")]
mod fixture;
mod schemas;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory as _;
use fixture::Fixture;
use lockgate_forge_embedded::state::settings::{Ruleset, Settings};
use serde_json::{Value, json};

/// A script with a success and a failure of most commands; `--output-format json` is added to each.
const SCRIPT: &str = r#"
> sample minimal
> replace lockgate.toml "asset        = " "pins         = \"hello/SHA256SUMS\"\nasset        = "
> developer lockgate init --dry-run
> developer lockgate init
> developer lockgate check
> push-main
> maintainer lockgate audit
> maintainer lockgate doctor
> switch raise
> write hello/VERSION "2\n"
> push
> open raise
> developer lockgate detect --base origin/main
> maintainer lockgate promote --pr 1
> developer lockgate pin
> user lockgate verify hello --version 2
> user lockgate fetch hello --version 2
> developer lockgate build --variant amd64 --out ../parts
> developer lockgate build --join --parts ../parts --out ../parts
> developer lockgate build --variant arm64 --out ../parts
> developer lockgate build --join --parts ../parts --out ../parts
> build #1
> user lockgate fetch hello --variant amd64 --pr 1
> maintainer lockgate fetch hello --variant amd64 --pr 1
> automation lockgate gate --pr 1
> automation lockgate gate --pr 9
> automation lockgate report --pr 1
> automation lockgate report --pr 9
> maintainer lockgate promote --pr 1 --dry-run
> fault kill-before POST /releases/*/assets* nth=2
> maintainer lockgate promote --pr 1
> maintainer lockgate promote --pr 1
> maintainer lockgate promote --pr 1
> maintainer lockgate cleanup
> maintainer lockgate cleanup --apply
> maintainer lockgate cleanup nothing
> developer lockgate pin
> developer lockgate pin
> push
> gate #1
> merge #1 squash
> user lockgate verify hello
> user lockgate fetch hello --all
> user lockgate fetch hello --variant amd64
> user lockgate fetch --prune
> user lockgate mirror mirror
> switch main
> update-branch
> switch lowered
> write hello/VERSION "1\n"
> push
> developer lockgate detect --base origin/main
> write lockgate.toml "nonsense"
> push
> developer lockgate detect --base origin/main
> developer lockgate check
> developer lockgate init
> switch main
> write hello/VERSION "9\n"
> push-main
> maintainer lockgate audit
> developer lockgate withdraw hello --version 2 --reason x
> maintainer lockgate withdraw hello --version 2 --reason x
> maintainer lockgate withdraw hello --version 2 --reason x
> append .github/workflows/gate-hello.yml "\n# another line\n"
> developer lockgate check
"#;

/// Runs the script, and returns its own document and those of its steps.
fn of_the_script(folder: &Path) -> Vec<Value> {
    let script = SCRIPT.replace('\n', "\n\n");
    let lines = script
        .lines()
        .map(|line| match line.contains(" lockgate ") {
            true => format!("{line} --output-format json\n"),
            false => format!("{line}\n"),
        });
    let path = folder.join("script.txt");
    std::fs::write(&path, lines.collect::<String>()).unwrap();
    let kept = folder.join("kept");
    let words = ["rehearse", "--bless", "--script", path.to_str().unwrap()];
    let keep = format!("--keep={}", kept.display());
    let mut all = vec![run(folder, &[&words[..], &[&keep]].concat())];
    let steps = std::fs::read_dir(kept.join("steps")).unwrap();
    for step in steps {
        let step = step.unwrap().path();
        if step.to_string_lossy().ends_with("stdout.json") {
            let stdout = std::fs::read(&step).unwrap();
            // A command that was killed had no time for its document.
            if !stdout.is_empty() {
                all.push(valid(&stdout));
            }
        }
    }
    all
}

/// Returns the document of `doctor` where every setting is as it should be.
fn of_a_healthy_repository() -> Value {
    let fixture = Fixture::set(&["hello"]);
    fixture.checkout("job");
    fixture.server.set(|settings: &mut Settings| {
        settings.immutable_releases = true;
        settings.rulesets = vec![Ruleset {
            name: "main".to_owned(),
            enforcement: "active".to_owned(),
            include: vec!["~DEFAULT_BRANCH".to_owned()],
            rules: vec!["non_fast_forward".to_owned(), "deletion".to_owned()],
            required_checks: vec![("lockgate/hello".to_owned(), None)],
            strict: true,
            ..Ruleset::default()
        }];
    });
    let words = ["doctor", "--output-format", "json"];
    let mut command = fixture.lockgate(&fixture.server.base_url(), "job", &words);
    valid(
        &command
            .env("GITHUB_TOKEN", "admin-token")
            .output()
            .unwrap()
            .stdout,
    )
}

/// Runs a command that needs no repository, and returns its document.
fn run(folder: &Path, words: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["GITHUB_", "GIT_", "LOCKGATE_", "GH_"]
            .iter()
            .any(|start| text.starts_with(start))
        {
            command.env_remove(name);
        }
    }
    command.args(words).args(["--output-format", "json"]);
    valid(&command.current_dir(folder).output().unwrap().stdout)
}

fn valid(stdout: &[u8]) -> Value {
    schemas::document(stdout).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Returns the name of every command.
fn commands() -> BTreeSet<String> {
    let all = lockgate::cli::Cli::command();
    let names = all
        .get_subcommands()
        .map(|command| command.get_name().to_owned());
    names.collect()
}

#[test]
fn each_command_prints_one_valid_document_in_success_and_in_failure() {
    let workspace = tempfile::tempdir().unwrap();
    let folder = workspace.path();
    let mut documents = of_the_script(folder);
    documents.push(of_a_healthy_repository());
    for words in [
        &["completions", "bash"][..],
        &["completions", "bash", "-C", "nowhere"],
        &["man", "pages"],
        &["man", "script.txt"],
        &["rehearse", "--list"],
        &["rehearse", "--script", "nowhere"],
        &["check"],
        &["mirror", "x"],
    ] {
        documents.push(run(folder, words));
    }
    let (mut done, mut failed, mut failed_with_result) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for document in &documents {
        let command = document["command"].as_str().unwrap().to_owned();
        match document["error"].is_null() {
            true => drop(done.insert(command)),
            false if document.as_object().unwrap().len() > 5 => {
                failed_with_result.insert(command.clone());
                failed.insert(command);
            }
            false => drop(failed.insert(command)),
        }
    }
    assert_eq!(done, commands(), "successes");
    assert_eq!(failed, commands(), "failures");
    let expected = ["audit", "build", "check", "detect", "doctor"];
    assert_eq!(failed_with_result, expected.map(ToOwned::to_owned).into());
}

#[test]
fn each_command_has_a_schema_and_no_schema_is_left_over() {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(schemas::folder()).unwrap() {
        let path = entry.unwrap().path();
        let schema: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert!(jsonschema::meta::is_valid(&schema), "{}", path.display());
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(schema["$id"], name);
        found.insert(name.strip_suffix(".schema.json").unwrap().to_owned());
    }
    assert!(found.remove("document"));
    assert_eq!(found, commands());
}

#[test]
fn a_command_line_that_is_not_understood_has_a_document_without_command() {
    let workspace = tempfile::tempdir().unwrap();
    for words in [
        &["frobnicate"][..],
        &["verify", "--frobnicate"],
        &["promote"],
    ] {
        let document = run(workspace.path(), words);
        assert_eq!(
            (
                &document["command"],
                &document["status"],
                &document["error"]["code"]
            ),
            (&Value::Null, &json!("usage"), &json!("usage.arguments"))
        );
    }
}

#[test]
fn a_document_that_differs_from_its_schema_is_found() {
    let error = json!({ "code": "a.b", "message": "m", "hint": "h" });
    let good = json!({ "version": 1, "command": "verify", "status": "done", "exit": 0, "error": null, "tag": "v1", "assets": [] });
    assert_eq!(
        schemas::document(good.to_string().as_bytes()),
        Ok(good.clone())
    );
    let failed = json!({ "version": 1, "command": "verify", "status": "refused", "exit": 3, "error": error });
    assert_eq!(
        schemas::document(failed.to_string().as_bytes()),
        Ok(failed.clone())
    );
    for (document, key, value) in [
        (&good, "version", json!(2)),
        (&good, "status", json!("fine")),
        (&good, "status", json!("refused")),
        (&good, "error", error.clone()),
        (&good, "tag", json!(1)),
        (&good, "another", json!(1)),
        (
            &good,
            "assets",
            json!([{ "name": "x", "size": 1, "sha256": "?" }]),
        ),
        (&failed, "status", json!("done")),
        (&failed, "error", Value::Null),
        (
            &failed,
            "error",
            json!({ "code": "wrong bytes", "message": "", "hint": "" }),
        ),
    ] {
        let mut document = document.clone();
        document[key] = value;
        let found = schemas::document(document.to_string().as_bytes());
        assert!(found.is_err(), "{document}");
    }
    let twice = format!("{good}\n{failed}");
    assert!(schemas::document(twice.as_bytes()).is_err());
}
