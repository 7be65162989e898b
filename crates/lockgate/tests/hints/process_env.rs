//! Codes of the environment, of git, of files and of the command line.

use lockgate_forge_embedded::{Config, GitRepository, Server};

use crate::repository::Repository;

const DETECT: &str = "detect --base origin/main --repo o/r";

#[test]
fn what_was_not_said_or_said_wrong_is_said_with_the_option_that_is_named() {
    let mut repository = Repository::minimal();
    repository.refused("detect --repo o/r", "environment.missing", "with --base");
    repository.works(DETECT);
    repository.refused(
        "detect --base origin/main --repo o",
        "environment.value",
        "OWNER/NAME",
    );
    repository.works(DETECT);
    repository.refused(
        "deploy",
        "usage.arguments",
        "`lockgate help` lists the commands",
    );
    assert!(repository.works("help").contains("promote"));
    let event = repository.workspace.path().join("event.json");
    std::fs::write(&event, "not json").unwrap();
    repository.variables = vec![("GITHUB_EVENT_PATH", event.display().to_string())];
    repository.refused(DETECT, "environment.event", "unset GITHUB_EVENT_PATH");
    repository.variables.clear();
    repository.works(DETECT);
}

#[test]
fn a_token_with_a_line_break_is_mended() {
    let mut repository = Repository::minimal();
    let origin = GitRepository::open(repository.workspace.path().join("origin.git")).unwrap();
    let server = Server::start(Config::new("o", "r"), origin).unwrap();
    let variables = |token: &str| {
        vec![
            ("GITHUB_API_URL", server.api_url()),
            ("GITHUB_SERVER_URL", server.base_url()),
            ("GITHUB_REPOSITORY", "o/r".to_owned()),
            ("GITHUB_TOKEN", token.to_owned()),
        ]
    };
    repository.variables = variables("automation-token\nx");
    repository.refused(
        "audit",
        "environment.settings",
        "fix GITHUB_API_URL, GITHUB_TOKEN",
    );
    repository.variables = variables("automation-token");
    repository.works("audit");
}

#[test]
fn git_is_installed_where_it_is_missing() {
    let mut repository = Repository::minimal();
    repository.variables = vec![("PATH", "/nowhere".to_owned())];
    repository.refused(DETECT, "git.missing", "install git 2.38 or newer");
    repository.variables.clear();
    repository.works(DETECT);
}

#[test]
fn the_right_clone_is_named_deepened_and_fetched() {
    let mut repository = Repository::minimal();
    let elsewhere = repository.workspace.path().display().to_string();
    let there = format!("-C {elsewhere} {DETECT}");
    repository.refused(&there, "git.not-a-repository", "name one with -C");
    repository.works(&format!("-C {elsewhere}/clone {DETECT}"));

    repository.git("push --quiet origin HEAD:refs/heads/two");
    repository.git("branch --quiet -r -d origin/two");
    let two = "detect --base origin/two --repo o/r";
    repository.refused(two, "git.unknown-revision", "fetch it first");
    repository.git("fetch --quiet origin");
    repository.works(two);

    let shallow = repository.workspace.path().join("shallow");
    let origin = format!("file://{elsewhere}/origin.git");
    repository.git(&format!(
        "clone --quiet --depth=1 --branch=two {origin} {}",
        shallow.display()
    ));
    repository.dir = shallow;
    let before = "detect --base HEAD~1 --repo o/r";
    repository.refused(before, "git.shallow", "run `git fetch --unshallow`");
    repository.git("fetch --quiet --unshallow");
    repository.works(before);
}

#[test]
fn what_git_and_the_system_complain_about_is_mended() {
    let repository = Repository::minimal();
    repository.git("remote set-url origin /nowhere/at/all.git");
    repository.refused(DETECT, "git.failed", "fix what git reports");
    let (_, stderr) = repository.lockgate(DETECT);
    assert!(
        stderr.contains("'/nowhere/at/all.git' does not appear to be a git repository"),
        "{stderr}"
    );
    repository.git("remote set-url origin ../origin.git");
    repository.works(DETECT);

    let taken = repository.workspace.path().join("taken");
    std::fs::write(&taken, "").unwrap();
    let build = format!("build --repo o/r --variant amd64 --out {}", taken.display());
    repository.refused(&build, "file.failed", "fix what the system reports");
    std::fs::remove_file(&taken).unwrap();
    repository.works(&build);
}

/// The other account is the one that runs the tests, where that is root.
#[test]
fn a_clone_of_another_account_is_declared_safe() {
    let repository = Repository::minimal();
    let change = |owner: u32| {
        let clone = [repository.dir.clone(), repository.dir.join(".git")];
        clone
            .iter()
            .all(|path| std::os::unix::fs::chown(path, Some(owner), None).is_ok())
    };
    if !change(12345) {
        // Only root can give a folder away, and there is nothing else that git takes for another account's.
        return;
    }
    let hint = format!(
        "run `git config --global --add safe.directory {}`",
        repository.dir.display()
    );
    repository.refused(DETECT, "git.foreign-owner", &hint);
    let command = hint
        .strip_prefix("run `git ")
        .unwrap()
        .trim_end_matches('`');
    repository.git(command);
    repository.works(DETECT);
}

#[test]
fn a_step_whose_output_is_unsafe_works_in_another_folder() {
    let mut repository = Repository::minimal();
    let output = repository.workspace.path().join("output");
    repository.variables = vec![
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_OUTPUT", output.display().to_string()),
    ];
    let right = repository.dir.clone();
    repository.dir = repository.workspace.path().join("odd\u{1}");
    std::fs::rename(&right, &repository.dir).unwrap();
    let build = "build --repo o/r --variant amd64";
    repository.refused(
        build,
        "output.unsafe",
        "a folder whose path is UTF-8 without invisible characters",
    );
    std::fs::rename(&repository.dir, &right).unwrap();
    repository.dir = right;
    repository.works(build);
}
