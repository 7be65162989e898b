//! Executes the instructions of a script, and returns their output.

mod fake;

use std::path::Path;

use lockgate_core::escape::quoted;
use lockgate_forge_embedded::{MergeMethod, PullNumber, Side};

use super::Workspace;
use super::fixture::{Fixture, Who};
use super::placeholders::Names;
use super::sample_repository::Sample;
use super::shown::{self, exit, reported};
use super::workflow::BuildOrder;
use crate::command_error::CommandError;
use crate::exit::Failure;

/// The state of a script's execution.
pub(super) struct Interpreter<'a> {
    workspace: &'a Workspace,
    fixture: Option<Fixture>,
    names: Option<Names>,
    calls: usize,
    fetched: Option<String>,
}

impl<'a> Interpreter<'a> {
    /// Starts before the first instruction.
    pub(super) fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            fixture: None,
            names: None,
            calls: 0,
            fetched: None,
        }
    }

    /// Normalizes output for comparison.
    pub(super) fn plain(&mut self, said: &str) -> String {
        let text = match &mut self.names {
            Some(names) => names.plain(said),
            None => said.to_owned(),
        };
        // An empty line would end the transcript.
        text.lines()
            .map(|line| {
                if line.trim().is_empty() {
                    ".\n".to_owned()
                } else {
                    format!("{}\n", line.trim_end())
                }
            })
            .collect()
    }

    fn fixture(&mut self) -> Result<&mut Fixture, Failure> {
        if self.fixture.is_none() {
            self.set("minimal")?;
        }
        self.fixture.as_mut().ok_or_else(|| {
            CommandError::Rehearsal {
                problem: "there is no stage".to_owned(),
            }
            .into()
        })
    }

    fn set(&mut self, sample: &str) -> Result<(), Failure> {
        let fixture = Fixture::set(
            &self.workspace.path,
            &Sample::Bundled(sample),
            Box::new(|_| ()),
        )?;
        self.workspace.watch(&fixture);
        self.names = Some(Names::new(
            &self.workspace.path.display().to_string(),
            &fixture.server.base_url(),
        ));
        self.fixture = Some(fixture);
        Ok(())
    }

    /// Executes a line, and returns its output.
    pub(super) fn act(&mut self, line: &[String]) -> Result<String, Failure> {
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        let unknown = || unknown(&line);
        let number = |text: &str| number(text).ok_or_else(unknown);
        match line.as_slice() {
            ["sample", name] => self.set(name).map(|()| String::new()),
            ["write", path, text] => self.file(path, |_| Some(text.as_bytes().to_vec())),
            ["write-hex", path, hex] => {
                let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
                let bytes: Vec<u8> = digits
                    .chunks(2)
                    .filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
                    .collect();
                self.file(path, |_| Some(bytes))
            }
            ["append", path, text] => self.file(path, |old| Some([old, text.as_bytes()].concat())),
            ["replace", path, from, to] => self.file(path, |old| {
                Some(String::from_utf8_lossy(old).replace(from, to).into_bytes())
            }),
            ["remove", path] => self.file(path, |_| None),
            ["link", path, target] => {
                let path = self.fixture()?.developer().join(path);
                let _ = std::fs::remove_file(&path);
                std::os::unix::fs::symlink(target, path)
                    .map_err(|e| CommandError::file("make a link", &e))?;
                Ok(String::new())
            }
            ["switch", branch] => self.fixture()?.switch(branch).map(|()| String::new()),
            ["orphan", branch] => self.fixture()?.orphan(branch).map(|()| String::new()),
            ["update-branch"] => self.fixture()?.update_branch().map(|()| String::new()),
            ["push"] => self.fixture()?.push("A change").map(|_| String::new()),
            ["push-main"] => {
                let fixture = self.fixture()?;
                fixture.push("A change of main")?;
                Ok(reported(&[fixture.gate_all()?], true))
            }
            ["open", branch] => self.open(branch, "", false),
            ["open", branch, "from-fork"] => self.open(branch, "", true),
            ["open", branch, "into", base] => self.open(branch, base, false),
            ["retarget", pull, base] => {
                let pull = number(pull)?;
                let fixture = self.fixture()?;
                let number = PullNumber(pull);
                fixture.forge.retarget(number, base).map_err(error)?;
                Ok(reported(&[fixture.gate(pull)?], true))
            }
            ["close", pull] => {
                let pull = number(pull)?;
                self.fixture()?
                    .forge
                    .close_pull(PullNumber(pull))
                    .map_err(error)
                    .map(|()| String::new())
            }
            ["reopen", pull] => {
                let pull = number(pull)?;
                let number = PullNumber(pull);
                self.does("developer-token", |state, git, _, now| {
                    state.reopen_pull(now, git, number)
                })?;
                Ok(reported(&[self.fixture()?.gate(pull)?], true))
            }
            ["start", pull] => {
                let pull = number(pull)?;
                let fixture = self.fixture()?;
                let run = fixture.start(pull, &BuildOrder::default())?;
                Ok(format!(
                    "run {run} is in progress\n{}",
                    reported(&[fixture.gate(pull)?], true)
                ))
            }
            ["build", pull, how @ ..] => {
                let (pull, order) = (number(pull)?, order(how).ok_or_else(unknown)?);
                let did = self.fixture()?.build(pull, &order)?;
                Ok(reported(&did, true))
            }
            ["gate", pull] => {
                let pull = number(pull)?;
                Ok(reported(&[self.fixture()?.gate(pull)?], true))
            }
            ["merge", pull, how] => {
                let pull = number(pull)?;
                let method = match *how {
                    "merge" => MergeMethod::Merge,
                    "squash" => MergeMethod::Squash,
                    "rebase" => MergeMethod::Rebase,
                    _ => return Err(unknown()),
                };
                let fixture = self.fixture()?;
                match fixture.merge(pull, method) {
                    Err(refused) => Ok(format!("not merged: {refused}")),
                    Ok(_) => Ok(format!(
                        "merged\n{}",
                        reported(&[fixture.gate_all()?], true)
                    )),
                }
            }
            ["queue", pull] => {
                let pull = number(pull)?;
                let fixture = self.fixture()?;
                let did = fixture.queue(pull)?;
                let landed = match fixture.forge.land_queued(PullNumber(pull)) {
                    Ok(_) => "the queue merged it".to_owned(),
                    Err(refused) => format!("the queue did not merge it: {refused}"),
                };
                Ok(format!("{}{landed}\n", reported(&[did], true)))
            }
            ["maintainer", "lockgate", args @ ..] => self.lockgate(Who::Maintainer, args),
            ["developer", "lockgate", args @ ..] => self.lockgate(Who::Developer, args),
            ["automation", "lockgate", args @ ..] => self.lockgate(Who::Automation, args),
            ["user", "lockgate", args @ ..] => self.lockgate(Who::User, args),
            ["user", "runs", "it"] => {
                let path = self
                    .fetched
                    .clone()
                    .ok_or_else(|| error("nothing was fetched".to_owned()))?;
                let ended = self.fixture()?.program(Path::new(&path), &[])?;
                Ok(format!("{}{}", ended.stdout, exit(ended.code)))
            }
            ["poison", "cache"] => {
                let path = self
                    .fetched
                    .clone()
                    .ok_or_else(|| error("nothing was fetched".to_owned()))?;
                std::fs::write(path, "other bytes")
                    .map_err(|e| CommandError::file("poison the cache", &e))?;
                Ok(String::new())
            }
            ["show", "status", pull] => shown::statuses(self.fixture()?, number(pull)?),
            ["show", "comment", pull] => Ok(shown::comments(self.fixture()?, number(pull)?)),
            ["show", "releases"] => Ok(shown::releases(self.fixture()?)),
            ["show", "writes"] => self.writes(),
            ["show", "calls"] => self.call_count(),
            other => self.fake(other),
        }
    }

    fn file(
        &mut self,
        path: &str,
        change: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<String, Failure> {
        let path = self.fixture()?.developer().join(path);
        let operation = || format!("change {}", path.display());
        let old = std::fs::read(&path).unwrap_or_default();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| CommandError::file(operation(), &e))?;
        }
        match change(&old) {
            Some(new) => std::fs::write(&path, new),
            None => std::fs::remove_file(&path),
        }
        .map_err(|e| CommandError::file(operation(), &e))?;
        Ok(String::new())
    }

    fn open(&mut self, branch: &str, base: &str, fork: bool) -> Result<String, Failure> {
        let fixture = self.fixture()?;
        let pull = fixture.open(branch, base, fork)?;
        Ok(format!(
            "pull request #{pull}\n{}",
            reported(&[fixture.gate(pull)?], true)
        ))
    }

    fn lockgate(&mut self, who: Who, args: &[&str]) -> Result<String, Failure> {
        let args = args
            .iter()
            .map(|arg| self.filled(arg))
            .collect::<Result<Vec<_>, _>>()?;
        let did = self.fixture()?.lockgate(who, &args, None)?;
        if args.first().is_some_and(|first| first == "fetch") && did.ended.code == Some(0) {
            self.fetched = Some(did.ended.stdout.trim_end().to_owned());
        }
        Ok(reported(&[did], false))
    }

    /// Replaces variables: `$run` is the newest run, `$plan` the plan that was shown last, `$head-N` the head of a pull
    /// request, `$forge` the fake's address.
    fn filled(&mut self, arg: &str) -> Result<String, Failure> {
        let fixture = self.fixture()?;
        if arg == "$plan" {
            return Ok(fixture.plan.clone());
        }
        if arg == "$run" {
            // A promotion's run is not a build.
            let built = |path: &str| !path.contains("/promote-");
            let newest = fixture.forge.look(|state| {
                let mut runs = state.runs().into_iter();
                runs.find(|run| built(&run.path)).map(|run| run.id)
            });
            return Ok(newest.map(|id| id.to_string()).unwrap_or_default());
        }
        match arg
            .strip_prefix("$head-")
            .and_then(|number| number.parse().ok())
        {
            Some(pull) => fixture.head(pull),
            None => Ok(arg.replace("$forge", &fixture.server.base_url())),
        }
    }

    /// Returns the writes since the previous query.
    fn writes(&mut self) -> Result<String, Failure> {
        let journal = self.fixture()?.forge.journal();
        let since = std::mem::replace(&mut self.calls, journal.len());
        let writes: Vec<String> = journal
            .iter()
            .skip(since)
            .filter(|e| e.side == Side::Api && e.method != "GET")
            .map(ToString::to_string)
            .collect();
        Ok(if writes.is_empty() {
            "nothing was written".to_owned()
        } else {
            writes.join("\n")
        })
    }

    /// Returns the number of API calls since the previous query.
    fn call_count(&mut self) -> Result<String, Failure> {
        let journal = self.fixture()?.forge.journal();
        let since = std::mem::replace(&mut self.calls, journal.len());
        let calls: Vec<_> = journal
            .iter()
            .skip(since)
            .filter(|e| e.side == Side::Api)
            .collect();
        let unchanged = calls.iter().filter(|e| e.status == Some(304)).count();
        Ok(format!(
            "{} calls, {unchanged} of them answered by \"not modified\", which no rate limit counts",
            calls.len()
        ))
    }
}

/// Returns the error for a line that is no instruction.
fn unknown(line: &[&str]) -> Failure {
    error(format!("{} is no instruction", quoted(&line.join(" "))))
}

fn error(problem: impl std::fmt::Display) -> Failure {
    let problem = problem.to_string();
    CommandError::Rehearsal { problem }.into()
}

fn number(text: &str) -> Option<u64> {
    text.trim_start_matches('#').parse().ok()
}

fn order(words: &[&str]) -> Option<BuildOrder> {
    match words {
        [] => Some(BuildOrder::default()),
        ["of", workflow] => Some(BuildOrder {
            workflow: Some((*workflow).to_owned()),
            ..BuildOrder::default()
        }),
        ["by", event] => Some(BuildOrder {
            event: Some((*event).to_owned()),
            ..BuildOrder::default()
        }),
        ["unzipped"] => Some(BuildOrder {
            unzipped: true,
            ..BuildOrder::default()
        }),
        ["again", variant] => Some(BuildOrder {
            rerun: Some((*variant).to_owned()),
            ..BuildOrder::default()
        }),
        ["losing", variant] => Some(BuildOrder {
            lost: Some((*variant).to_owned()),
            ..BuildOrder::default()
        }),
        _ => None,
    }
}
