//! One call of `lockgate.fetch`: the work in a thread of its own, and what the thread that called can ask of it.
//!
//! It is Python that loops, reports and calls back, never this module: when the interpreter ends, CPython before 3.14 takes a
//! daemon thread away wherever it wants Python's lock back, and that must not be under a frame of ours (`FATAL: exception not
//! rethrown`). The thread that works never needs Python: it may outlive the call, even the interpreter. Does not know what the
//! work is.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lockgate_client::{Event, Listener, OrderError, RECEIPT_ASSET, WITHDRAWAL_ASSET};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::bring::{Brought, Job};
use crate::raise;

/// How often to look up.
const LOOK: Duration = Duration::from_millis(50);
/// How long the work may take to end after nobody wants it any more. It ends at once unless the network is silent.
const GRACE: Duration = Duration::from_millis(250);

/// How many bytes are here, and of how many.
type Progress = (u64, Option<u64>);
/// The level of Python's `logging`, and the words.
type Line = (&'static str, String);
type End = Result<Brought, OrderError>;

/// What the work has told and nobody has heard yet.
#[derive(Default)]
struct Told {
    /// The newest.
    progress: Option<Progress>,
    lines: Vec<Line>,
}

/// Hears the work, in its threads, and can end it.
#[derive(Default)]
pub(crate) struct Watch {
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
}

impl Watch {
    /// What the work tells it to.
    pub(crate) fn listener(&self) -> Listener {
        let told = Arc::clone(&self.told);
        Arc::new(move |event: &Event<'_>| {
            let mut told = held(&told);
            if let Event::Progress(progress) = event {
                if ![RECEIPT_ASSET, WITHDRAWAL_ASSET].contains(&progress.asset) {
                    told.progress = Some((progress.received, progress.size));
                }
            } else if let Event::Waiting { .. } | Event::Again { .. } = event {
                told.lines.push(("info", event.to_string()));
            } else {
                told.lines.push(("debug", event.to_string()));
            }
        })
    }

    /// Ends the work once it is true.
    pub(crate) fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Has it done.
    pub(crate) fn begin(self, job: Job) -> PyResult<Call> {
        let (done, work) = channel();
        std::thread::Builder::new()
            .name("lockgate".to_owned())
            .spawn(move || drop(done.send(job.run())))?;
        Ok(Call {
            watch: self,
            work: Mutex::new(work),
            end: Mutex::new(None),
        })
    }
}

/// A call that has begun.
#[pyclass(frozen, module = "lockgate._native")]
pub(crate) struct Call {
    watch: Watch,
    work: Mutex<Receiver<End>>,
    end: Mutex<Option<End>>,
}

#[pymethods]
impl Call {
    /// Waits a moment, with Python's lock released, then looks up for a signal such as Ctrl-C. Whether the work is over.
    fn wait(&self, py: Python<'_>) -> PyResult<bool> {
        match py.detach(|| held(&self.work).recv_timeout(LOOK)) {
            Ok(end) => {
                *held(&self.end) = Some(end);
                Ok(true)
            }
            Err(RecvTimeoutError::Timeout) => py.check_signals().map(|()| false),
            // Only a bug panics; its words are on standard error.
            Err(RecvTimeoutError::Disconnected) => Err(bug()),
        }
    }

    /// What was told since the last time: how far it is, if that has changed, and lines for a log.
    fn told(&self) -> (Option<Progress>, Vec<Line>) {
        let told = std::mem::take(&mut *held(&self.watch.told));
        (told.progress, told.lines)
    }

    /// What came of it, once it is over: the path, and what a log should say of it.
    fn end(&self, py: Python<'_>) -> PyResult<(PathBuf, Vec<String>)> {
        let end = held(&self.end).take().ok_or_else(bug)?;
        let brought = end.map_err(|problem| raise::exception(py, &problem))?;
        Ok((brought.path, brought.words))
    }

    /// Nobody wants it any more.
    fn give_up(&self, py: Python<'_>) {
        self.watch.stop.store(true, Ordering::Relaxed);
        py.detach(|| drop(held(&self.work).recv_timeout(GRACE)));
    }
}

fn bug() -> PyErr {
    PyRuntimeError::new_err("lockgate ended in an unexpected way; this is a bug")
}

fn held<T>(told: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left a whole value behind.
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
