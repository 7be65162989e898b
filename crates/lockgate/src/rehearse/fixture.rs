//! The fixture of a rehearsal: the fake GitHub with a git repository, and everything else except Lockgate.
//!
//! The steps of a workflow are executed here one by one, with the same subcommands, environment and artifacts; only the
//! runner itself is simulated.

mod account;

use std::path::{Path, PathBuf};

use lockgate_core::config::Package;
use lockgate_core::promote::ENVIRONMENT;
use lockgate_forge_embedded::state::pulls::{HeadRepository, NewPull};
use lockgate_forge_embedded::state::settings::{BranchPolicy, Environment};
use lockgate_forge_embedded::{
    CommitId, Config as ForgeConfig, GitRepository, Handle, MergeMethod, PullNumber, RepositoryId,
    Server,
};

pub(super) use self::account::Who;
use super::git::{commit_all, git};
use super::runner::{self, ProcessOutput, Running, outputs};
use super::sample_repository::{self, DEVELOPER, ORIGIN, Sample};
use super::{io, rehearsal_failed};
use crate::exit::Failure;

/// The account that owns the rehearsed repository.
const OWNER: &str = "example";

/// A step of a workflow, and its result.
pub(super) struct StepResult {
    /// The command line.
    pub command: String,
    /// The result.
    pub ended: ProcessOutput,
}

/// Returns the promotion environment with the recommended protection.
pub(super) fn protected() -> Environment {
    Environment {
        reviewers: vec!["maintainer".to_owned()],
        branches: Some(BranchPolicy::Named(vec!["main".to_owned()])),
        ..Environment::default()
    }
}

/// The fixture of a rehearsal.
pub(super) struct Fixture {
    /// The folder that contains everything.
    pub folder: PathBuf,
    /// The handle for controlling the server.
    pub forge: Handle,
    /// The server.
    pub server: Server,
    /// The name of the repository on the fake GitHub.
    pub repository: String,
    /// The rehearsed package: the first one of the config.
    pub package: Package,
    running: Running,
    pub(super) runs: u32,
    steps: u32,
    /// The digest of the plan that was shown last.
    pub(super) plan: String,
    watch: Box<dyn Fn(&str) + Send + Sync>,
}

impl Fixture {
    /// Creates the fixture in an empty folder.
    pub(super) fn set(
        folder: &Path,
        sample: &Sample<'_>,
        watch: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Self, Failure> {
        let name = sample.name();
        let config = sample_repository::put_up(folder, sample)?;
        let origin = GitRepository::open(folder.join(ORIGIN))
            .map_err(|error| rehearsal_failed(error.to_string()))?;
        let server = Server::start(
            ForgeConfig {
                folder: Some(folder.join("forge")),
                ..ForgeConfig::new(OWNER, &name)
            },
            origin,
        )
        .map_err(|error| rehearsal_failed(error.to_string()))?;
        let forge = server.handle();
        let running = Running::default();
        let kill = running.clone();
        forge.on_kill(move |_| kill.kill());
        forge.set_environment(ENVIRONMENT, protected());
        for package in config.packages.values() {
            forge.register_workflow(
                &format!("Build {}", package.name),
                &package.build_workflow(),
            );
            forge.set(|settings| settings.required_contexts.push(package.gate_context()));
        }
        let package = config
            .packages
            .into_values()
            .next()
            .ok_or_else(|| rehearsal_failed("the config has no package"))?;
        Ok(Self {
            package,
            folder: folder.to_owned(),
            forge,
            server,
            repository: format!("{OWNER}/{name}"),
            running,
            runs: 0,
            steps: 0,
            plan: String::new(),
            watch,
        })
    }

    /// Returns the developer's clone.
    pub(super) fn developer(&self) -> PathBuf {
        self.folder.join(DEVELOPER)
    }

    /// Switches to a branch: an existing one, or a new one from the current base.
    pub(super) fn switch(&self, branch: &str) -> Result<(), Failure> {
        let developer = self.developer();
        git(&developer, &["fetch", "--quiet", "origin"])?;
        if git(&developer, &["switch", "--quiet", branch]).is_err() {
            git(
                &developer,
                &[
                    "switch",
                    "--quiet",
                    "-c",
                    branch,
                    "--no-track",
                    "origin/main",
                ],
            )?;
        }
        Ok(())
    }

    /// Merges the base branch into the developer's branch.
    pub(super) fn update_branch(&self) -> Result<(), Failure> {
        let developer = self.developer();
        git(&developer, &["fetch", "--quiet", "origin"])?;
        git(
            &developer,
            &["merge", "--quiet", "--no-edit", "origin/main"],
        )
        .map(drop)
    }

    /// Commits everything on the developer's branch and pushes it.
    pub(super) fn push(&self, message: &str) -> Result<String, Failure> {
        let developer = self.developer();
        let head = commit_all(&developer, message)?;
        git(&developer, &["push", "--quiet", "origin", "HEAD"])?;
        self.forge
            .sync()
            .map_err(|error| rehearsal_failed(error.to_string()))?;
        Ok(head)
    }

    /// Replaces a branch with a commit without history, and switches back to the base branch.
    pub(super) fn orphan(&self, branch: &str) -> Result<(), Failure> {
        let developer = self.developer();
        git(&developer, &["checkout", "--quiet", "--orphan", "lost"])?;
        commit_all(&developer, "Another beginning")?;
        let target = format!("HEAD:refs/heads/{branch}");
        git(
            &developer,
            &["push", "--quiet", "--force", "origin", &target],
        )?;
        git(&developer, &["switch", "--quiet", "main"])?;
        self.forge
            .sync()
            .map(drop)
            .map_err(|error| rehearsal_failed(error.to_string()))
    }

    /// Opens a pull request; with `fork`, its branch exists only in the fork.
    pub(super) fn open(&self, branch: &str, base: &str, fork: bool) -> Result<u64, Failure> {
        if !fork {
            let order = NewPull {
                title: branch.to_owned(),
                body: None,
                author: "developer".to_owned(),
                base: base.to_owned(),
                head: branch.to_owned(),
                head_repository: HeadRepository::Here,
                fork_head: None,
                draft: false,
            };
            return self
                .forge
                .open_pull_with(order)
                .map(|n| n.0)
                .map_err(|error| rehearsal_failed(error.to_string()));
        }
        let developer = self.developer();
        // Without a change of its own, the fork has exactly the developer's commit.
        let head = match git(&developer, &["status", "--porcelain"])?.is_empty() {
            true => git(&developer, &["rev-parse", "HEAD"])?
                .trim_end()
                .to_owned(),
            false => commit_all(&developer, branch)?,
        };
        git(
            &developer,
            &["push", "--quiet", "origin", "HEAD:refs/pull/fork/head"],
        )?;
        let head =
            CommitId::parse(&head).ok_or_else(|| rehearsal_failed("git gave no commit id"))?;
        let name = self
            .repository
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        let order = NewPull {
            title: branch.to_owned(),
            body: None,
            author: "stranger".to_owned(),
            base: base.to_owned(),
            head: branch.to_owned(),
            head_repository: HeadRepository::Fork {
                id: RepositoryId(4242),
                owner: "stranger".to_owned(),
                name,
            },
            fork_head: Some(head),
            draft: false,
        };
        self.forge
            .open_pull_with(order)
            .map(|number| number.0)
            .map_err(|error| rehearsal_failed(error.to_string()))
    }

    /// Returns the current head of a pull request.
    pub(super) fn head(&self, pull: u64) -> Result<String, Failure> {
        let name = format!("refs/pull/{pull}/head");
        Ok(git(&self.folder.join(ORIGIN), &["rev-parse", &name])?
            .trim_end()
            .to_owned())
    }

    /// Merges a pull request as the maintainer.
    pub(super) fn merge(&self, pull: u64, method: MergeMethod) -> Result<String, String> {
        self.forge
            .merge_pull("maintainer", PullNumber(pull), method)
            .map(|commit| commit.to_string())
            .map_err(|error| error.to_string())
    }

    /// Runs Lockgate as this account.
    pub(super) fn lockgate(
        &mut self,
        who: Who,
        args: &[String],
        event: Option<&serde_json::Value>,
    ) -> Result<StepResult, Failure> {
        let dir = match who {
            Who::User => self.user()?,
            Who::Developer => self.developer(),
            Who::Maintainer | Who::Automation => self.trusted()?,
        };
        let mut vars = self.vars(who)?;
        if let Some(event) = event {
            vars.push((
                "GITHUB_EVENT_PATH".to_owned(),
                self.file("event.json", &event.to_string())?,
            ));
        }
        let (did, said) = self.step(&dir, args, &vars)?;
        if let Some((_, plan)) = said.iter().find(|(key, _)| key == "plan") {
            self.plan.clone_from(plan);
        }
        if args.first().is_some_and(|first| first == "promote") && did.ended.code == Some(0) {
            self.keep_receipt(&said)?;
        }
        Ok(did)
    }

    /// Runs one step: this executable, in a folder, with these variables; also returns what it wrote to
    /// `GITHUB_OUTPUT`.
    pub(super) fn step(
        &mut self,
        dir: &Path,
        args: &[String],
        vars: &[(String, String)],
    ) -> Result<(StepResult, Vec<(String, String)>), Failure> {
        let mut vars = vars.to_vec();
        let output = self.file("output", "")?;
        if vars.iter().any(|(name, _)| name == "GITHUB_ACTIONS") {
            vars.push(("GITHUB_OUTPUT".to_owned(), output.clone()));
            vars.push((
                "GITHUB_STEP_SUMMARY".to_owned(),
                self.file("summary.md", "")?,
            ));
        }
        let ended = runner::run(
            &runner::this()?,
            args,
            dir,
            &vars,
            &self.running,
            &self.watch,
        )?;
        if args.iter().any(|arg| arg == "json") {
            self.file("stdout.json", &ended.stdout)?;
        }
        Ok((
            StepResult {
                command: format!("lockgate {}", args.join(" ")),
                ended,
            },
            outputs(Path::new(&output)),
        ))
    }

    /// Runs any program as the user, in the user's clone.
    pub(super) fn program(
        &mut self,
        program: &Path,
        args: &[String],
    ) -> Result<ProcessOutput, Failure> {
        let dir = self.user()?;
        runner::run(program, args, &dir, &[], &self.running, &self.watch)
    }

    /// Returns the checkout of the privileged workflow: the base branch, and nothing from a pull request.
    fn trusted(&self) -> Result<PathBuf, Failure> {
        self.clone_of_main("trusted")
    }

    /// Returns the user's clone of the current base branch.
    pub(super) fn user(&self) -> Result<PathBuf, Failure> {
        self.clone_of_main("user")
    }

    fn clone_of_main(&self, name: &str) -> Result<PathBuf, Failure> {
        let dir = self.folder.join(name);
        if !dir.exists() {
            git(&self.folder, &["clone", "--quiet", ORIGIN, name])?;
        }
        git(&dir, &["fetch", "--quiet", "origin"])?;
        git(
            &dir,
            &["checkout", "--quiet", "--force", "--detach", "origin/main"],
        )?;
        Ok(dir)
    }

    pub(super) fn file(&mut self, name: &str, text: &str) -> Result<String, Failure> {
        self.steps += 1;
        let dir = self.folder.join("steps");
        std::fs::create_dir_all(&dir).map_err(io("make the folder of the steps"))?;
        let path = dir.join(format!("{:03}-{name}", self.steps));
        std::fs::write(&path, text).map_err(io("write a file of a step"))?;
        Ok(path.display().to_string())
    }
}

/// Converts words to arguments.
pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
