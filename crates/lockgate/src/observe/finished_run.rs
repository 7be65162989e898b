//! The end of a run, as reported by an event. A read after an event can return an older state: GitHub's lists and runs lag behind,
//! and no second event follows. So the event is used, and a stale state is read again, a bounded number of times.

use lockgate_core::promote::RunOutcome;
use lockgate_core::{Attempt, CommitId, RunId};
use lockgate_forge::{Forge, ForgeError, Run};

use crate::event::Event;
use crate::process_env::ProcessEnv;

/// The number of re-reads of a stale state; with the pauses of [`ProcessEnv::pause`], seven seconds.
const TRIES: u32 = 3;

/// The end of a run.
pub struct FinishedRun<'a> {
    /// The run.
    pub run: RunId,
    attempt: Attempt,
    outcome: RunOutcome,
    head: CommitId,
    path: String,
    env: &'a ProcessEnv,
}

impl<'a> FinishedRun<'a> {
    /// Returns the end that the event reports; `None` for another event, or if a field is missing.
    pub fn of(event: &Event, env: &'a ProcessEnv) -> Option<Self> {
        let run = event.workflow_run.as_ref()?;
        // `path` can contain the branch after an `@`.
        let path = run.path.as_deref()?.split('@').next()?.to_owned();
        Some(Self {
            run: run.id,
            attempt: run.run_attempt?,
            outcome: match run.conclusion.as_deref()? {
                "success" => RunOutcome::Succeeded,
                other => RunOutcome::Failed(other.to_owned()),
            },
            head: run.head_sha.clone()?,
            path,
            env,
        })
    }

    /// Updates a list of runs, newest first, to the event's state: the run is in it, and has ended. Makes no call if the list is
    /// already up to date, or if the run belongs to another workflow or commit.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn bring_up_to_date(
        &self,
        forge: &dyn Forge,
        path: &str,
        head: &CommitId,
        runs: &mut Vec<Run>,
    ) -> Result<(), ForgeError> {
        if self.path != path || self.head != *head {
            return Ok(());
        }
        let listed = runs.iter().position(|run| run.facts.id == self.run);
        let mut run = match listed {
            Some(at) => runs.remove(at),
            None => forge.run(self.run)?,
        };
        for n in 0..TRIES {
            if !self.is_ahead_of(&run) {
                break;
            }
            self.wait(n);
            run = forge.run(self.run)?;
        }
        if self.is_ahead_of(&run) {
            run.facts.attempt = self.attempt;
            run.facts.outcome = self.outcome.clone();
        }
        // GitHub numbers runs in the order of their creation.
        let at = runs.partition_point(|other| other.facts.id > run.facts.id);
        runs.insert(at, run);
        Ok(())
    }

    fn is_ahead_of(&self, run: &Run) -> bool {
        let facts = &run.facts;
        facts.attempt < self.attempt
            || facts.attempt == self.attempt && facts.outcome == RunOutcome::Running
    }

    /// Repeats a call until it returns a value; after the last attempt returns its result as it is.
    ///
    /// # Errors
    /// The errors of the call.
    pub fn again<T, E>(
        &self,
        mut given: T,
        is_behind: impl Fn(&T) -> bool,
        mut read: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        for n in 0..TRIES {
            if !is_behind(&given) {
                break;
            }
            self.wait(n);
            given = read()?;
        }
        Ok(given)
    }

    fn wait(&self, n: u32) {
        std::thread::sleep(self.env.pause(n));
    }
}
