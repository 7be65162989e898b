//! One call of `lockgate.fetch`: the work in a thread of its own, and its interface to the calling thread.
//!
//! Python loops, reports and calls back, never this module: when the interpreter ends, CPython before 3.14 terminates a
//! daemon thread when it acquires Python's lock, which is fatal if a Rust frame is on its stack (`FATAL: exception not
//! rethrown`). The working thread never needs Python: it may outlive the call, even the interpreter. Does not know what
//! the work is.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lockgate_client::{Event, FetchSpecError, Listener, RECEIPT_ASSET, WITHDRAWAL_ASSET};
use pyo3::prelude::*;

use crate::errors::{caught, exception, internal};
use crate::job::Outcome;

/// The number of received bytes, and the size if known.
type Progress = (u64, Option<u64>);
/// A log line: the level of Python's `logging`, and the text.
type Line = (&'static str, String);
type End = Result<Outcome, FetchSpecError>;

/// What the work has reported and Python has not read yet.
#[derive(Default)]
struct Reported {
    /// The newest progress.
    progress: Option<Progress>,
    lines: Vec<Line>,
}

/// Receives the events of the work, from its threads, and can stop it.
#[derive(Default)]
pub(crate) struct Monitor {
    reported: Arc<Mutex<Reported>>,
    stop: Arc<AtomicBool>,
}

impl Monitor {
    /// The listener for the client.
    pub(crate) fn listener(&self) -> Listener {
        let reported = Arc::clone(&self.reported);
        Arc::new(move |event: &Event<'_>| {
            let mut reported = locked(&reported);
            if let Event::Progress(progress) = event {
                if ![RECEIPT_ASSET, WITHDRAWAL_ASSET].contains(&progress.asset) {
                    reported.progress = Some((progress.received, progress.size));
                }
            } else if let Event::Waiting { .. } | Event::Retrying { .. } = event {
                reported.lines.push(("info", event.to_string()));
            } else {
                reported.lines.push(("debug", event.to_string()));
            }
        })
    }

    /// Returns the flag that stops the work once it is true.
    pub(crate) fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Starts the work in a thread of its own. `cache` is the folder whose files it holds open.
    pub(crate) fn begin(
        self,
        cache: Option<PathBuf>,
        work: impl FnOnce() -> End + Send + 'static,
    ) -> Result<Task, FetchSpecError> {
        let (done, ended) = channel();
        std::thread::Builder::new()
            .name("lockgate".to_owned())
            .spawn(move || drop(done.send(caught(work))))
            .map_err(|error| internal(&format!("cannot start a thread: {error}")))?;
        Ok(Task {
            monitor: self,
            cache,
            ended: Mutex::new(ended),
            end: Mutex::new(None),
        })
    }
}

/// Running work. Dropping it stops it.
#[pyclass(frozen, module = "lockgate._native")]
pub(crate) struct Task {
    monitor: Monitor,
    #[pyo3(get)]
    cache: Option<PathBuf>,
    ended: Mutex<Receiver<End>>,
    end: Mutex<Option<End>>,
}

#[pymethods]
impl Task {
    /// Waits at most this many milliseconds, with Python's lock released, then handles signals such as Ctrl-C. Returns
    /// whether the work has ended.
    fn wait(&self, py: Python<'_>, milliseconds: u32) -> PyResult<bool> {
        let most = Duration::from_millis(milliseconds.into());
        let end = match py.detach(|| locked(&self.ended).recv_timeout(most)) {
            Ok(end) => end,
            Err(RecvTimeoutError::Timeout) => return py.check_signals().map(|()| false),
            // Called again after the work had ended.
            Err(RecvTimeoutError::Disconnected) => return Ok(true),
        };
        *locked(&self.end) = Some(end);
        Ok(true)
    }

    /// Returns what was reported since the last call: the progress, if it has changed, and lines for a log.
    fn reported(&self) -> (Option<Progress>, Vec<Line>) {
        let reported = std::mem::take(&mut *locked(&self.monitor.reported));
        (reported.progress, reported.lines)
    }

    /// Returns the path and the lines for a log, or raises the error, of work that has ended.
    fn end(&self, py: Python<'_>) -> PyResult<(PathBuf, Vec<String>)> {
        let end = locked(&self.end).take();
        let end = end.unwrap_or_else(|| Err(internal("the work has no end yet")));
        let outcome = end.map_err(|error| exception(py, &error))?;
        Ok((outcome.path, outcome.lines))
    }

    /// Stops the work: the download ends, the lock is released, the connection is closed. Does not wait for it.
    fn stop(&self) {
        self.monitor.stop.store(true, Ordering::Relaxed);
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.stop();
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked left a complete value behind.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
