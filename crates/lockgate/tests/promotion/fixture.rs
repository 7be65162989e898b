//! A repository on the fake GitHub, with pull requests whose builds have finished, ready to be promoted.
//!
//! This module knows neither faults nor expected results.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lockgate_artifact::zip::{DosTime, Entry, SingleFileWriter};
use lockgate_forge_embedded::state::artifacts::ArtifactForm;
use lockgate_forge_embedded::state::runs::NewRun;
use lockgate_forge_embedded::state::settings::{BranchPolicy, Environment};
use lockgate_forge_embedded::{Clock, CommitId, Config, GitRepository, PullNumber, RunId, Server};
use tempfile::TempDir;

const VARIANTS: [&str; 2] = ["amd64", "arm64"];

/// Everything that a promotion needs.
pub(crate) struct Fixture {
    workspace: TempDir,
    pub(crate) server: Server,
}

impl Fixture {
    /// Creates a repository in which each of these packages is at version 1.
    pub(crate) fn set(packages: &[&str]) -> Self {
        let workspace = tempfile::tempdir().unwrap();
        git(
            workspace.path(),
            "init --quiet --bare --template= --initial-branch=main origin.git",
        );
        git(
            workspace.path(),
            "clone --quiet --template= origin.git developer",
        );
        let fixture = Self {
            server: start(workspace.path()),
            workspace,
        };
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/minimal/build.py");
        fixture.write("build.py", &std::fs::read_to_string(sample).unwrap());
        fixture.write(".gitignore", "/dist\n");
        for package in packages {
            let path = format!(".github/workflows/build-{package}.yml");
            fixture.write(&path, &format!("name: Build {package}\n"));
            fixture.write(&format!("{package}/VERSION"), "1\n");
            fixture.server.register_workflow(package, &path);
        }
        let config: Vec<String> = packages.iter().map(|package| config(package)).collect();
        fixture.write("lockgate.toml", &config.concat());
        fixture.push("main");
        fixture
    }

    /// Returns a copy of the current state, with a server of its own, and with the clone `job`.
    pub(crate) fn copy(&self) -> Self {
        let workspace = tempfile::tempdir().unwrap();
        let mut copy = Command::new("cp");
        copy.arg("-R");
        copy.args(["origin.git", "forge", "job"].map(|name| self.workspace.path().join(name)));
        assert!(copy.arg(workspace.path()).status().unwrap().success());
        Self {
            server: start(workspace.path()),
            workspace,
        }
    }

    /// Opens a pull request that raises these packages to version 2, with sources of its own and without a build.
    pub(crate) fn open(&self, branch: &str, packages: &[&str]) -> PullNumber {
        self.leave_main(branch);
        for package in packages {
            self.write(&format!("{package}/VERSION"), "2\n");
            self.write(&format!("{package}/source"), branch);
        }
        // The text identifies the sources; the padding is more than one buffer holds.
        let knobs = format!("{{\"greeting\": \"{branch}\", \"padding\": 300000}}\n");
        self.write("hello/build.json", &knobs);
        self.push(branch);
        self.server.open_pull("developer", branch, branch).unwrap()
    }

    /// Opens a pull request that raises a package to version 2 and changes no file that others change.
    pub(crate) fn open_apart(&self, branch: &str, package: &str) -> PullNumber {
        self.leave_main(branch);
        self.write(&format!("{package}/VERSION"), "2\n");
        self.write(&format!("{package}/{branch}"), branch);
        self.push(branch);
        self.server.open_pull("developer", branch, branch).unwrap()
    }

    /// Opens a pull request that raises a package to version 2 and changes these files as well.
    pub(crate) fn open_with(
        &self,
        branch: &str,
        package: &str,
        files: &[(&str, &str)],
    ) -> PullNumber {
        self.leave_main(branch);
        self.write(&format!("{package}/VERSION"), "2\n");
        for (path, text) in files {
            self.write(path, text);
        }
        self.push(branch);
        self.server.open_pull("developer", branch, branch).unwrap()
    }

    /// Creates a folder next to the clones with these files.
    pub(crate) fn prepare(&self, files: &[(&str, Vec<u8>)]) -> PathBuf {
        let folder = self.workspace.path().join("prepared");
        std::fs::create_dir(&folder).unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
        folder
    }

    /// Runs the whole build workflow for the developer's branch; returns the digests of its artifacts, by name.
    pub(crate) fn build(&self, pull: PullNumber, package: &str) -> BTreeMap<String, String> {
        self.build_on(pull, package, &|_, bytes| bytes)
    }

    /// Does the same on a runner that replaces the bytes of a file, selected by name, when it is uploaded.
    pub(crate) fn build_on(
        &self,
        pull: PullNumber,
        package: &str,
        runner: &dyn Fn(&str, Vec<u8>) -> Vec<u8>,
    ) -> BTreeMap<String, String> {
        let head = git(&self.workspace.path().join("developer"), "rev-parse HEAD");
        let path = format!(".github/workflows/build-{package}.yml");
        let order = NewRun {
            workflow: self.server.register_workflow(package, &path),
            event: "pull_request".to_owned(),
            head_sha: CommitId::parse(head.trim_end()).unwrap(),
            head_branch: Some(
                self.server
                    .look(|state| state.pull(pull).unwrap().head_branch.clone()),
            ),
            actor: "developer".to_owned(),
            pull: Some(pull),
        };
        let run = self.server.start_run(order).unwrap();
        self.server.set_run(run, "in_progress", None).unwrap();
        let out = self.workspace.path().join(format!("out-{run}"));
        for variant in VARIANTS {
            let words = ["--package", package, "--variant", variant];
            let stderr = self.job(run, &words, &out.join(variant));
            self.upload(run, &stderr, ["part-artifact", "part-path"], runner);
            self.upload(run, &stderr, ["artifact", "path"], runner);
        }
        let stderr = self.job(run, &["--package", package, "--join"], &out);
        self.upload(run, &stderr, ["artifact", "path"], runner);
        self.server
            .set_run(run, "completed", Some("success"))
            .unwrap();
        let manifest = std::fs::read(&stderr["path"]).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let executables = manifest["executables"].as_array().unwrap().iter();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        executables
            .map(|one| (text(&one["name"]), text(&one["sha256"])))
            .collect()
    }

    /// Runs a step of the build workflow; returns its outputs for later steps.
    fn job(&self, run: RunId, words: &[&str], out: &Path) -> BTreeMap<String, String> {
        let output = self.workspace.path().join("output");
        std::fs::write(&output, "").unwrap();
        let mut command = self.lockgate(&self.server.base_url(), "developer", &["build"]);
        command.args(words).arg("--out").arg(out);
        command
            .env("GITHUB_TOKEN", "fork-token")
            .env("GITHUB_RUN_ID", run.to_string())
            .env("GITHUB_RUN_ATTEMPT", "1")
            .env("GITHUB_OUTPUT", &output);
        if !words.contains(&"--join") {
            command.env_remove("GITHUB_TOKEN");
        }
        let ended = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{words:?}: {stderr}");
        let text = std::fs::read_to_string(&output).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let pairs = lines
            .windows(2)
            .filter_map(|pair| Some((pair[0].split_once("<<")?.0, pair[1])));
        pairs
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    /// Plays upload-artifact.
    fn upload(
        &self,
        run: RunId,
        stderr: &BTreeMap<String, String>,
        [name, path]: [&str; 2],
        runner: &dyn Fn(&str, Vec<u8>) -> Vec<u8>,
    ) {
        let path = Path::new(&stderr[path]);
        let file = path.file_name().unwrap().to_str().unwrap();
        let bytes = runner(file, std::fs::read(path).unwrap());
        let entry = Entry {
            name: file,
            mode: 0o644,
            modified: DosTime::EPOCH,
            level: 6,
        };
        let mut writer = SingleFileWriter::new(Vec::new(), entry).unwrap();
        writer.write_all(&bytes).unwrap();
        let (zip, _) = writer.finish().unwrap();
        let form = ArtifactForm::Zip;
        self.server
            .add_artifact(run, &stderr[name], form, zip.as_slice(), 90)
            .unwrap();
    }

    /// Creates a clone of main for a job, under a new name.
    pub(crate) fn checkout(&self, name: &str) {
        let words = format!("clone --quiet --template= origin.git {name}");
        git(self.workspace.path(), &words);
        // The path still works after the whole folder is copied.
        let clone = self.workspace.path().join(name);
        git(&clone, "config remote.origin.url ../origin.git");
    }

    /// Runs the command in one of the clones, in a workflow that a maintainer started, with the server at this address.
    pub(crate) fn lockgate(&self, forge: &str, checkout: &str, words: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_lockgate");
        let mut command = scrubbed(program, &self.workspace.path().join(checkout));
        command.args(words).envs([
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_ACTOR", "maintainer"),
            ("GITHUB_TRIGGERING_ACTOR", "maintainer"),
            ("GITHUB_TOKEN", "automation-token"),
            ("GITHUB_REPOSITORY", "octo/tools"),
            ("GITHUB_SERVER_URL", forge),
            ("LOCKGATE_PAUSE_MS", "1"),
        ]);
        command.env("GITHUB_API_URL", format!("{forge}/api/v3"));
        command
    }

    /// Returns the path of one of the clones.
    pub(crate) fn clone_at(&self, name: &str) -> PathBuf {
        self.workspace.path().join(name)
    }

    /// Returns a file that the developer's last build wrote.
    pub(crate) fn built(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.workspace.path().join("developer/dist").join(name)).unwrap()
    }

    /// Returns the path of some bytes in the fake's store.
    pub(crate) fn blob(&self, sha256: &str) -> PathBuf {
        self.workspace.path().join("forge/blobs").join(sha256)
    }

    fn leave_main(&self, branch: &str) {
        let words = format!("switch --quiet --no-track -c {branch} origin/main");
        git(&self.workspace.path().join("developer"), &words);
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.workspace.path().join("developer").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn push(&self, branch: &str) {
        let developer = self.workspace.path().join("developer");
        git(&developer, "add --all");
        git(&developer, &format!("commit --quiet -m {branch}"));
        let words = format!("push --quiet origin HEAD:refs/heads/{branch}");
        git(&developer, &words);
        git(&developer, "fetch --quiet origin");
    }
}

/// Returns the exit code of a process, and all of its output.
pub(crate) fn ended(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code(), text)
}

fn start(workspace: &Path) -> Server {
    let config = Config {
        folder: Some(workspace.join("forge")),
        clock: Clock::System,
        ..Config::new("octo", "tools")
    };
    let repository = GitRepository::open(workspace.join("origin.git")).unwrap();
    let server = Server::start(config, repository).unwrap();
    let environment = Environment {
        reviewers: vec!["maintainer".to_owned()],
        branches: Some(BranchPolicy::Named(vec!["main".to_owned()])),
        ..Environment::default()
    };
    server.set_environment("release", environment);
    server
}

fn config(package: &str) -> String {
    let row = |variant: &str| format!("[package.{package}.variant.{variant}]\n");
    format!(
        "[package.{package}]\nversion-file = \"{package}/VERSION\"\nsources = [\"{package}/**\", \"build.py\"]\n\
         tag = \"{package}-v{{version}}\"\nasset = \"{package}-{{variant}}-v{{version}}\"\n[package.{package}.build]\n\
         command = [\"python3\", \"build.py\", \"--arch\", \"{{arch}}\", \"--version\", \"{{version}}\", \"--output\", \"{{output}}\"]\n\
         output = \"dist/{{asset}}\"\n{}",
        VARIANTS.map(row).concat()
    )
}

fn scrubbed(program: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).env_clear().stdin(Stdio::null());
    let handed_on = ["PATH", "TMPDIR"];
    command.envs(
        handed_on
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?))),
    );
    command.env("HOME", dir).envs([
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ]);
    command
}

/// Runs git with these words, none of which has a space.
fn git(dir: &Path, words: &str) -> String {
    let mut git = scrubbed("git", dir);
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "T")
            .env(format!("GIT_{role}_EMAIL"), "t@example.invalid");
    }
    let output = git.args(words.split(' ')).output().unwrap();
    let (code, stderr) = ended(&output);
    assert_eq!(code, Some(0), "git {words}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}
