//! A repository on the fake GitHub, and its users.
//!
//! It knows no runner: `github.rs` plays what happens when something here changes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use lockgate_forge_embedded::state::pulls::{HeadRepository, NewPull};
use lockgate_forge_embedded::state::refusal::Refusal;
use lockgate_forge_embedded::state::settings::{BranchPolicy, Environment};
use lockgate_forge_embedded::{
    Clock, CommitId, Config, GitRepository, MergeMethod, PullNumber, RepositoryId, Server,
};
use lockgate_openapi::Guard;
use tempfile::TempDir;

use crate::tools::root;

/// The context of the gate.
pub(crate) const GATE: &str = "lockgate/hello";

/// The fixture of a scenario.
pub(crate) struct Fixture {
    pub(crate) forge: Server,
    pub(crate) repository: String,
    folder: TempDir,
    /// Workflow files with replaced content, whatever the commit.
    edited: RefCell<BTreeMap<String, String>>,
    // The exchanges of the jobs have to match GitHub's description.
    _guard: Guard,
}

impl Fixture {
    /// Creates the sample repository with the workflow files under test on a server.
    pub(crate) fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (origin, developer) = (
            folder.path().join("origin.git"),
            folder.path().join("developer"),
        );
        git(
            folder.path(),
            &["init", "--quiet", "--bare", "-b", "main", "origin.git"],
        );
        git(
            folder.path(),
            &["clone", "--quiet", "origin.git", "developer"],
        );
        copy(&root().join("examples/minimal"), &developer);
        git(&developer, &["switch", "--quiet", "-C", "main"]);
        git(&developer, &["add", "--all"]);
        git(
            &developer,
            &["commit", "--quiet", "-m", "The repository as it was"],
        );
        git(&developer, &["push", "--quiet", "origin", "main"]);
        let config = Config {
            folder: Some(folder.path().join("forge")),
            clock: Clock::System, // the library that uploads has no other
            ..Config::new("example", "minimal")
        };
        let forge = Server::start(config, GitRepository::open(&origin).unwrap()).unwrap();
        forge.set(|settings| settings.required_contexts.push(GATE.to_owned()));
        forge.set_environment("release", protected());
        let guard = Guard::default();
        let collect = guard.collector();
        forge.on_exchange(move |exchange| collect(&serde_json::to_string(exchange).unwrap()));
        let fixture = Self {
            forge,
            repository: "example/minimal".to_owned(),
            folder,
            edited: RefCell::default(),
            _guard: guard,
        };
        fixture.furnish_home();
        fixture
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the bare repository behind the server.
    pub(crate) fn origin(&self) -> PathBuf {
        self.folder().join("origin.git")
    }

    /// Returns the developer's clone.
    pub(crate) fn developer(&self) -> PathBuf {
        self.folder().join("developer")
    }

    /// Returns the home of every runner: its git config maps the server's address to the bare repository.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder().join("home")
    }

    fn furnish_home(&self) {
        std::fs::create_dir_all(self.home()).unwrap();
        let address = format!("{}/{}", self.forge.base_url(), self.repository);
        let behind = self.origin();
        let text = format!("[url \"{}\"]\n\tinsteadOf = {address}\n", behind.display());
        std::fs::write(self.home().join(".gitconfig"), text).unwrap();
    }

    /// Pushes a new branch from the newest `main`, with these files changed.
    pub(crate) fn branch(&self, name: &str, files: &[(&str, &str)]) -> String {
        let developer = self.developer();
        git(&developer, &["fetch", "--quiet", "origin"]);
        git(
            &developer,
            &["switch", "--quiet", "--no-track", "-C", name, "origin/main"],
        );
        self.commit(files);
        git(&developer, &["push", "--quiet", "--force", "origin", name]);
        self.forge.sync().unwrap();
        self.tip(name)
    }

    /// Pushes one more commit to a branch.
    pub(crate) fn commit_to(&self, branch: &str, files: &[(&str, &str)]) {
        let developer = self.developer();
        git(&developer, &["switch", "--quiet", branch]);
        self.commit(files);
        git(&developer, &["push", "--quiet", "origin", branch]);
        self.forge.sync().unwrap();
    }

    /// Pushes a commit directly to `main`.
    pub(crate) fn push_main(&self, files: &[(&str, &str)]) {
        let developer = self.developer();
        git(&developer, &["switch", "--quiet", "main"]);
        git(
            &developer,
            &["pull", "--quiet", "--ff-only", "origin", "main"],
        );
        self.commit_to("main", files);
    }

    /// Returns a file of `main`.
    pub(crate) fn read(&self, path: &str) -> String {
        git(&self.origin(), &["show", &format!("main:{path}")]) + "\n"
    }

    /// Replaces the content of a workflow file from now on, in every commit.
    pub(crate) fn edit(&self, path: &str, text: &str) {
        let mut edited = self.edited.borrow_mut();
        edited.insert(path.to_owned(), text.to_owned());
    }

    pub(crate) fn edited(&self, path: &str) -> Option<String> {
        self.edited.borrow().get(path).cloned()
    }

    /// Changes files on the developer's branch.
    fn commit(&self, files: &[(&str, &str)]) {
        let developer = self.developer();
        for (path, text) in files {
            let path = developer.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        git(&developer, &["add", "--all"]);
        git(&developer, &["commit", "--quiet", "-m", "Change"]);
    }

    /// Opens a pull request for a pushed branch.
    pub(crate) fn open(&self, branch: &str) -> PullNumber {
        self.forge.open_pull("developer", branch, branch).unwrap()
    }

    /// Opens a pull request by an outsider, with a branch in another repository.
    pub(crate) fn open_from_fork(&self, branch: &str, files: &[(&str, &str)]) -> PullNumber {
        let developer = self.developer();
        git(
            &developer,
            &["switch", "--quiet", "-C", branch, "origin/main"],
        );
        self.commit(files);
        git(
            &developer,
            &["push", "--quiet", "origin", "HEAD:refs/pull/fork/head"],
        );
        let head = git(&developer, &["rev-parse", "HEAD"]);
        let order = NewPull {
            title: branch.to_owned(),
            body: None,
            author: "stranger".to_owned(),
            base: String::new(),
            head: branch.to_owned(),
            head_repository: HeadRepository::Fork {
                id: RepositoryId(4242),
                owner: "stranger".to_owned(),
                name: "minimal".to_owned(),
            },
            fork_head: CommitId::parse(&head),
            draft: false,
        };
        self.forge.open_pull_with(order).unwrap()
    }

    /// Merges a pull request, like the button on its page.
    pub(crate) fn merge(&self, pull: PullNumber) -> Result<CommitId, Refusal> {
        self.forge
            .merge_pull("maintainer", pull, MergeMethod::Merge)
    }

    /// Returns the tip of a branch on the server.
    pub(crate) fn tip(&self, branch: &str) -> String {
        git(
            &self.origin(),
            &["rev-parse", &format!("refs/heads/{branch}")],
        )
    }
}

/// As a maintainer sets it up: a job with this environment waits for a review, and runs only on `main`.
fn protected() -> Environment {
    Environment {
        reviewers: vec!["maintainer".to_owned()],
        branches: Some(BranchPolicy::Named(vec!["main".to_owned()])),
        ..Environment::default()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target);
        } else {
            std::fs::copy(&source, &target).unwrap();
        }
    }
}

/// Runs git with a fixed user and no other settings; returns its output without the last line break.
pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(args).current_dir(dir);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command.envs([
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Developer"),
        ("GIT_AUTHOR_EMAIL", "developer@example.invalid"),
        ("GIT_COMMITTER_NAME", "Developer"),
        ("GIT_COMMITTER_EMAIL", "developer@example.invalid"),
    ]);
    let output = command.output().unwrap();
    let reporter = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {reporter}");
    let stderr = String::from_utf8(output.stdout).unwrap();
    stderr.trim_end().to_owned()
}
