//! The hardened level through the real command: only the App posts gate and comment.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use lockgate_forge::github::App;
use lockgate_forge_embedded::state::people::{Access, Rights};
use lockgate_forge_embedded::{Config, GitRepository, Server};

/// Made for tests; it grants no access.
const KEY: &str = include_str!("../../forge/src/github/tests/app-key.pem");

fn scrubbed(program: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(dir);
    for name in ["PATH", "TMPDIR", "LANG"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("HOME", dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    command
}

fn git(dir: &Path, args: &[&str]) {
    let fixed = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"];
    let output = scrubbed("git", dir)
        .args(fixed)
        .args(args)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

struct Fixture {
    workspace: tempfile::TempDir,
    forge: Server,
    pull: String,
}

impl Fixture {
    /// Creates a pull request that raises the version, on a server with an App.
    fn set() -> Self {
        let workspace = tempfile::tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/minimal");
        git(
            workspace.path(),
            &[
                "init",
                "--quiet",
                "--bare",
                "--initial-branch=main",
                "origin.git",
            ],
        );
        git(
            workspace.path(),
            &["clone", "--quiet", "origin.git", "clone"],
        );
        let clone = workspace.path().join("clone");
        std::fs::create_dir(clone.join("hello")).unwrap();
        for file in ["lockgate.toml", "build.py", "hello/VERSION"] {
            std::fs::copy(example.join(file), clone.join(file)).unwrap();
        }
        git(&clone, &["add", "--all"]);
        git(&clone, &["commit", "--quiet", "-m", "one"]);
        git(&clone, &["push", "--quiet", "origin", "HEAD:main"]);
        std::fs::write(clone.join("hello/VERSION"), "2\n").unwrap();
        git(&clone, &["commit", "--quiet", "-am", "two"]);
        git(&clone, &["push", "--quiet", "origin", "HEAD:bump"]);
        let repository = GitRepository::open(workspace.path().join("origin.git")).unwrap();
        let forge = Server::start(Config::new("octo", "tools"), repository).unwrap();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        forge.set_now(i64::try_from(now).unwrap());
        let pull = forge
            .open_pull("developer", "bump", "Bump")
            .unwrap()
            .to_string();
        Self {
            workspace,
            forge,
            pull,
        }
    }

    fn install(&self, rights: &[(&str, Access)]) -> String {
        let key = App::new("1", KEY).unwrap();
        let rights: Rights = rights
            .iter()
            .map(|(scope, access)| ((*scope).to_owned(), *access))
            .collect();
        self.forge
            .add_app("locksmith", key.public_key(), rights)
            .to_string()
    }

    fn lockgate(&self, command: &str, id: &str, key: &str) -> Output {
        scrubbed(
            env!("CARGO_BIN_EXE_lockgate"),
            &self.workspace.path().join("clone"),
        )
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_REPOSITORY", "octo/tools")
        .env("GITHUB_SERVER_URL", self.forge.base_url())
        .env("LOCKGATE_APP_ID", id)
        .env("LOCKGATE_APP_KEY", key)
        .env("LOCKGATE_PAUSE_MS", "1")
        .args([command, "--pr", &self.pull])
        .output()
        .unwrap()
    }
}

const ALL: [(&str, Access); 4] = [
    ("contents", Access::Write),
    ("actions", Access::Read),
    ("statuses", Access::Write),
    ("pull-requests", Access::Write),
];

fn stderr(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn gate_and_comment_are_the_app_s_and_the_comment_is_found_again() {
    let fixture = Fixture::set();
    let id = fixture.install(&ALL);
    for command in ["gate", "report", "report"] {
        let output = fixture.lockgate(command, &id, KEY);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(
            !stderr(&output).contains("ghs_") && !stderr(&output).contains("PRIVATE"),
            "{}",
            stderr(&output)
        );
    }
    let (statuses, comments) = fixture.forge.look(|state| {
        let text = serde_json::to_value(state).unwrap();
        (text["statuses"].clone(), text["comments"].clone())
    });
    let by_app = |all: &serde_json::Value| {
        let all = all.as_object().unwrap();
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(
            all.values()
                .all(|one| one.to_string().contains("locksmith[bot]")),
            "{all:?}"
        );
    };
    by_app(&statuses);
    by_app(&comments);
}

#[test]
fn each_command_asks_for_its_own_rights_and_no_more() {
    let fixture = Fixture::set();
    // Enough for the gate, not for the comment.
    let id = fixture.install(&[
        ("contents", Access::Read),
        ("actions", Access::Read),
        ("statuses", Access::Write),
        ("pull-requests", Access::Read),
    ]);
    assert!(fixture.lockgate("gate", &id, KEY).status.success());
    let output = fixture.lockgate("report", &id, KEY);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("not granted to this installation"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn half_an_app_or_a_wrong_key_is_told_without_the_key() {
    let fixture = Fixture::set();
    let id = fixture.install(&ALL);
    for (id, key, words) in [
        (id.as_str(), "", "(environment.settings)"),
        ("", KEY, "(environment.settings)"),
        (id.as_str(), "hunter22", "(environment.settings)"),
        ("7", KEY, "(forge.denied)"),
    ] {
        let output = fixture.lockgate("gate", id, key);
        assert!(
            stderr(&output).contains(words) && !stderr(&output).contains("hunter22"),
            "{}",
            stderr(&output)
        );
    }
}
