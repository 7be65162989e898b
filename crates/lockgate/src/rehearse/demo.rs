//! Runs the main path in the terminal: step by step, a version bump becomes a published, verified release before the
//! merge.

mod end;
mod narrator;

use std::path::Path;

use lockgate_core::config::Package;
use lockgate_core::{Version, detect};
use lockgate_forge_embedded::{CommitId, MergeMethod, PullNumber};
use serde_json::Value;

use self::end::End;
pub(super) use self::end::Row;
use self::narrator::Narrator;
use super::Workspace;
use super::fixture::{Fixture, StepResult, Who, words};
use super::sample_repository::Sample;
use super::shown::exit;
use super::workflow::BuildOrder;
use crate::cli;
use crate::command_error::CommandError;
use crate::commands::Context;
use crate::exit::Failure;

/// Runs the demonstration.
pub(super) fn run(
    context: &Context,
    workspace: &Workspace,
    args: &cli::Rehearse,
) -> Result<(), Failure> {
    let own = args
        .repository
        .as_ref()
        .map(|path| path.canonicalize())
        .transpose();
    let own =
        own.map_err(|error| CommandError::file("find the repository to rehearse with", &error))?;
    let sample = own
        .as_deref()
        .map_or(Sample::Bundled("tool-support"), Sample::Folder);
    let narrator = Narrator::new(context);
    narrator.say(&format!(
        "Everything happens in {}: no account, no network.",
        workspace.path.display()
    ));
    let fixture = Fixture::set(&workspace.path, &sample, narrator.watch())?;
    workspace.watch(&fixture);
    let mut demo = Story {
        narrator,
        fixture,
        step: 0,
    };
    let end = demo.tell()?;
    demo.finish(workspace, args, &end)
}

struct Story<'a> {
    narrator: Narrator<'a>,
    fixture: Fixture,
    step: u32,
}

impl Story<'_> {
    fn tell(&mut self) -> Result<End, Failure> {
        let package = self.fixture.package.clone();
        let (from, version) = self.bump(&package)?;
        let pull = self.open(&package, &from, &version)?;
        self.build(pull)?;
        self.blocked(pull)?;
        let rows = self.promote(&package, &version, pull)?;
        self.verify(&package, &version)?;
        self.merge(pull)?;
        let path = self.fetch(&package, &version)?;
        Ok(End {
            package,
            version,
            rows,
            path,
        })
    }

    fn begin(&mut self, who: &str, what: &str) {
        self.step += 1;
        self.narrator.quiet();
        let heading = format!("{}. {who} {what}", self.step);
        self.narrator
            .bar
            .suspend(|| self.narrator.context.reporter.heading(&heading));
    }

    fn bump(&mut self, package: &Package) -> Result<(Version, Version), Failure> {
        let path = self.fixture.developer().join(package.version_file.as_str());
        let bytes = std::fs::read(&path)
            .map_err(|error| CommandError::file("read the version file", &error))?;
        let from = detect::version_of(package, &detect::VersionFile::Content(bytes))
            .map_err(|refusal| lost(&refusal.to_string()))?;
        let version = from
            .successor()
            .ok_or_else(|| lost("there is no higher version"))?;
        self.begin(
            "The developer",
            &format!("raises the version from {from} to {version} and pushes a branch"),
        );
        self.fixture.switch("raise-the-version")?;
        std::fs::write(&path, format!("{version}\n"))
            .map_err(|error| CommandError::file("write the version file", &error))?;
        let main = self
            .fixture
            .developer()
            .join("src/inspect_tool_support/main.c");
        if let Ok(text) = std::fs::read_to_string(&main) {
            std::fs::write(&main, format!("{text}\n/* As of version {version}. */\n"))
                .map_err(|error| CommandError::file("change a source", &error))?;
        }
        let head = self.fixture.push(&format!("{} {version}", package.name))?;
        self.narrator.indented(&format!(
            "{} now says {version}; commit {}",
            package.version_file,
            head.get(..12).unwrap_or(&head)
        ));
        Ok((from, version))
    }

    fn open(
        &mut self,
        _package: &Package,
        _from: &Version,
        _version: &Version,
    ) -> Result<u64, Failure> {
        self.begin(
            "The developer",
            "opens a pull request; the gate closes at once",
        );
        let pull = self.fixture.open("raise-the-version", "", false)?;
        let did = self.fixture.gate(pull)?;
        self.heard(&did)?;
        Ok(pull)
    }

    fn build(&mut self, pull: u64) -> Result<(), Failure> {
        self.begin(
            "The build workflow",
            "decides, builds every variant, looks at each and runs its smoke test",
        );
        let all = self.fixture.build(pull, &BuildOrder::default())?;
        self.narrator.quiet();
        for did in all
            .iter()
            .filter(|did| !did.command.starts_with("lockgate report"))
        {
            self.heard(did)?;
        }
        self.begin("The privileged workflow", "reports on the pull request");
        self.comment(pull);
        all.iter().try_for_each(check)
    }

    fn comment(&self, pull: u64) {
        let text = self.fixture.forge.look(|state| {
            state
                .comments(PullNumber(pull))
                .ok()
                .and_then(|all| Some(all.last()?.body.clone()))
        });
        text.iter()
            .flat_map(|text| text.lines())
            .filter(|line| !line.starts_with("<!--"))
            .for_each(|line| self.narrator.say(&format!("    │ {line}")));
    }

    fn blocked(&mut self, pull: u64) -> Result<(), Failure> {
        self.begin("The maintainer", "tries to merge too early");
        match self.fixture.merge(pull, MergeMethod::Merge) {
            Ok(_) => Err(lost("the forge merged what the gate holds")),
            Err(refused) => {
                self.narrator
                    .indented(&format!("the forge refuses: {refused}"));
                Ok(())
            }
        }
    }

    fn promote(
        &mut self,
        package: &Package,
        version: &Version,
        pull: u64,
    ) -> Result<Vec<Row>, Failure> {
        let (number, head) = (pull.to_string(), self.fixture.head(pull)?);
        let of = ["promote", "--pr", &number, "--expect-head", &head];
        self.begin("The maintainer", "reads the plan and approves it");
        let looked = self.by_maintainer(&[&of[..], &["--dry-run"]].concat())?;
        looked
            .ended
            .stdout
            .lines()
            .for_each(|line| self.narrator.indented(line));
        let plan = self.fixture.plan.clone();
        self.begin(
            "The workflow",
            "promotes the candidate: those very bytes become a release",
        );
        let more = ["--expect-plan", &plan, "--output-format", "json"];
        let did = self.by_maintainer(&[&of[..], &more].concat())?;
        did.ended
            .stderr
            .lines()
            .filter(|line| !line.starts_with("::"))
            .for_each(|line| self.narrator.indented(line));
        let said: Value = serde_json::from_str(&did.ended.stdout)
            .map_err(|error| lost(&format!("promote gave no JSON: {error}")))?;
        let tag = package.tag(version);
        let base = format!(
            "{}/{}/releases/download/{tag}",
            self.fixture.server.base_url(),
            self.fixture.repository
        );
        let executables = said
            .pointer("/receipt/manifest/executables")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let text = |object: &Value, key: &str| {
            object
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let rows = executables.iter().map(|one| Row {
            variant: text(one, "variant"),
            size: one.get("size").and_then(Value::as_u64).unwrap_or_default(),
            sha256: text(one, "sha256"),
            url: format!("{base}/{}", text(one, "name")),
        });
        self.narrator.indented(&format!("published {tag}"));
        Ok(rows.collect())
    }

    /// Runs a command of a workflow that the maintainer has started.
    fn by_maintainer(&mut self, args: &[&str]) -> Result<StepResult, Failure> {
        let did = self.fixture.lockgate(Who::Maintainer, &words(args), None)?;
        self.narrator.quiet();
        self.narrator.indented(&format!("$ {}", did.command));
        check(&did)?;
        Ok(did)
    }

    fn verify(&mut self, package: &Package, version: &Version) -> Result<(), Failure> {
        self.begin(
            "Anybody",
            "reads the release back as a stranger would, every byte",
        );
        let did = self.fixture.lockgate(
            Who::User,
            &words(&[
                "verify",
                package.name.as_str(),
                "--version",
                &version.to_string(),
            ]),
            None,
        )?;
        self.heard(&did)
    }

    fn merge(&mut self, pull: u64) -> Result<(), Failure> {
        self.begin(
            "The maintainer",
            "merges: the gate is green, the release was there before",
        );
        let head = self.fixture.head(pull)?;
        let lines = self.fixture.forge.look(|state| {
            let newest = state.statuses(&CommitId::parse(&head)?);
            let newest = newest.first()?;
            Some(format!(
                "{}: {}, {}",
                newest.context,
                newest.verdict.name(),
                newest.description.clone().unwrap_or_default()
            ))
        });
        lines.iter().for_each(|line| self.narrator.indented(line));
        self.fixture
            .merge(pull, MergeMethod::Squash)
            .map_err(|refused| lost(&format!("the forge did not merge: {refused}")))?;
        self.narrator.indented("merged, by squash");
        let did = self.fixture.gate_all()?;
        check(&did)
    }

    fn fetch(&mut self, package: &Package, version: &Version) -> Result<String, Failure> {
        self.begin(
            "A user",
            "checks out main and fetches the executable for this machine",
        );
        let did =
            self.fixture
                .lockgate(Who::User, &words(&["fetch", package.name.as_str()]), None)?;
        self.heard(&did)?;
        let path = did.ended.stdout.trim_end().to_owned();
        self.begin("The user", "runs what was fetched");
        self.try_out(&path, version)?;
        Ok(path)
    }

    /// The sample prints its version; the user's own executable is only started if the arguments are known.
    fn try_out(&mut self, path: &str, version: &Version) -> Result<(), Failure> {
        if !path.contains("inspect-tool-support") {
            self.narrator
                .indented("it is there, executable and verified; how to run it is yours to know");
            return Ok(());
        }
        let ended = self
            .fixture
            .program(Path::new(path), &words(&["version"]))?;
        self.narrator.quiet();
        self.narrator.indented(&format!("$ {path} version"));
        self.narrator.indented(&ended.stdout);
        let said: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
        let reported = said
            .get("version")
            .map(|v| v.as_str().map_or_else(|| v.to_string(), ToOwned::to_owned));
        if ended.code != Some(0) || reported != Some(version.to_string()) {
            return Err(lost("the executable does not tell its version"));
        }
        Ok(())
    }

    fn heard(&self, did: &StepResult) -> Result<(), Failure> {
        self.narrator.quiet();
        self.narrator.indented(&format!("$ {}", did.command));
        // The output of the build and the smoke test themselves.
        let reporter = did.ended.stderr.lines();
        for line in
            reporter.filter(|line| !line.starts_with("::") && !line.starts_with("building "))
        {
            self.narrator.indented(&format!("| {line}"));
        }
        self.narrator.indented(&did.ended.stdout);
        check(did)
    }
}

fn lost(problem: &str) -> Failure {
    CommandError::Rehearsal {
        problem: problem.to_owned(),
    }
    .into()
}

/// Fails if a step failed that should have succeeded.
fn check(did: &StepResult) -> Result<(), Failure> {
    if did.ended.code == Some(0) {
        return Ok(());
    }
    let tail: Vec<&str> = did.ended.stderr.lines().rev().take(12).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    Err(lost(&format!(
        "`{}` ended badly ({}):\n{}",
        did.command,
        exit(did.ended.code).trim_end(),
        tail.join("\n")
    )))
}
