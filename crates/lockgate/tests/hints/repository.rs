//! A repository in which commands are refused and their next steps are taken.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A temporary folder with a clone of the minimal example, in which version 2 is committed and the remote stands at version 1.
pub(crate) struct Repository {
    pub(crate) workspace: TempDir,
    /// Where commands run.
    pub(crate) dir: PathBuf,
    /// Variables for the commands, none unless a test sets them.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Repository {
    pub(crate) fn empty() -> Self {
        let workspace = tempfile::tempdir().unwrap();
        let dir = workspace.path().join("clone");
        let repository = Self {
            workspace,
            dir,
            variables: Vec::new(),
        };
        repository.git_in(
            repository.workspace.path(),
            "init --quiet --bare origin.git",
        );
        repository.git_in(
            repository.workspace.path(),
            "clone --quiet origin.git clone",
        );
        repository
    }

    pub(crate) fn minimal() -> Self {
        let repository = Self::empty();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/minimal");
        for path in ["lockgate.toml", "build.py", "hello/VERSION"] {
            let text = std::fs::read_to_string(example.join(path)).unwrap();
            repository.write(path, &text);
        }
        repository.write(".gitignore", "/dist\n/lockgate-out\n");
        repository.commit();
        repository.git("push --quiet origin HEAD:main");
        repository.git("fetch --quiet origin");
        repository.write("hello/VERSION", "2\n");
        repository.commit();
        repository
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Replaces a text that has to be there.
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.dir.join(path)).unwrap();
        assert!(text.contains(from), "{from} is not in {path}:\n{text}");
        self.write(path, text.replace(from, to));
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.dir.join(path)).unwrap();
    }

    /// Commits everything.
    pub(crate) fn commit(&self) {
        self.git("add --all");
        self.git("commit --quiet --allow-empty -m change");
    }

    pub(crate) fn git(&self, words: &str) {
        self.git_in(&self.dir, words);
    }

    fn git_in(&self, dir: &Path, words: &str) {
        let fixed = "-c user.name=T -c user.email=t@example.invalid -c init.defaultBranch=main";
        let mut git = self.scrubbed("git", dir);
        let git = git.args(fixed.split(' ')).args(words.split(' '));
        let output = git.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {words}: {stderr}");
    }

    fn scrubbed(&self, program: &str, dir: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let ours = ["GITHUB_", "GIT_", "LOCKGATE_", "GH_"];
            if ours.iter().any(|start| text.starts_with(start)) {
                command.env_remove(name);
            }
        }
        let command_home = self.workspace.path().join("gitconfig");
        command
            .current_dir(dir)
            .stdin(Stdio::null())
            .env("GIT_CONFIG_GLOBAL", command_home);
        command
    }

    /// Runs `lockgate` with these words: its exit code, and all that it wrote.
    pub(crate) fn lockgate(&self, words: &str) -> (Option<i32>, String) {
        let mut command = self.scrubbed(env!("CARGO_BIN_EXE_lockgate"), &self.dir);
        command.args(shlex::split(words).unwrap());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = command.output().unwrap();
        let stderr = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&stderr).into(),
        )
    }

    /// The command is refused with this code, and its hint has these words.
    pub(crate) fn refused(&self, words: &str, code: &str, hint: &str) {
        let (ended, stderr) = self.lockgate(words);
        assert!(ended.is_some_and(|ended| ended != 0), "{words}:\n{stderr}");
        let mut lines = stderr.lines();
        let named = lines.any(|line| {
            line.contains(&format!("({code}): ")) || line.contains(&format!("({code})"))
        });
        let next = lines.find_map(|line| line.trim().strip_prefix("next: "));
        assert!(
            named && next.is_some_and(|next| next.contains(hint)),
            "{words}: {code}, {hint}:\n{stderr}"
        );
    }

    /// The command ends well.
    pub(crate) fn works(&self, words: &str) -> String {
        let (ended, stderr) = self.lockgate(words);
        assert_eq!(ended, Some(0), "{words}:\n{stderr}");
        stderr
    }
}
