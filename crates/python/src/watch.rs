//! Waits for the work in the thread that called, with Python's lock released, and looks up now and then: for a signal such
//! as Ctrl-C, and for what there is to tell.
//!
//! So callbacks run in the caller's thread, what they raise ends the call, and the thread that works never needs Python:
//! it may outlive the call, even the interpreter. Does not know what the work is.

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

/// What the work has told and nobody has heard yet.
#[derive(Default)]
struct Told {
    /// The newest: how many bytes are here, and of how many.
    progress: Option<(u64, Option<u64>)>,
    /// The level of Python's `logging`, and the words.
    lines: Vec<(&'static str, String)>,
}

/// One call.
#[derive(Default)]
pub(crate) struct Watch {
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
}

type End = Result<Brought, OrderError>;

impl Watch {
    /// Hears the work, in its threads.
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
    pub(crate) fn run(
        &self,
        py: Python<'_>,
        job: Job,
        progress: Option<&Bound<'_, PyAny>>,
        tell: &Bound<'_, PyAny>,
    ) -> PyResult<PathBuf> {
        let (done, mut end) = channel();
        std::thread::Builder::new()
            .name("lockgate".to_owned())
            .spawn(move || drop(done.send(job.run())))?;
        let end = match self.wait(py, &mut end, progress, tell) {
            Ok(end) => end,
            Err(raised) => {
                self.stop.store(true, Ordering::Relaxed);
                let end = &mut end;
                py.detach(move || drop(end.recv_timeout(GRACE)));
                return Err(raised);
            }
        };
        // Whoever counts bytes wants to hear of the last ones.
        self.report(progress, tell)?;
        let brought = end.map_err(|problem| raise::exception(py, &problem))?;
        for words in brought.words {
            tell.call1(("info", words))?;
        }
        Ok(brought.path)
    }

    fn wait(
        &self,
        py: Python<'_>,
        end: &mut Receiver<End>,
        progress: Option<&Bound<'_, PyAny>>,
        tell: &Bound<'_, PyAny>,
    ) -> PyResult<End> {
        loop {
            // Lent for as long as Python's lock is released.
            let end = &mut *end;
            match py.detach(move || end.recv_timeout(LOOK)) {
                Ok(end) => return Ok(end),
                Err(RecvTimeoutError::Timeout) => {
                    py.check_signals()?;
                    self.report(progress, tell)?;
                }
                // Only a bug panics; its words are on standard error.
                Err(RecvTimeoutError::Disconnected) => {
                    let words = "lockgate ended in an unexpected way; this is a bug";
                    return Err(PyRuntimeError::new_err(words));
                }
            }
        }
    }

    fn report(&self, progress: Option<&Bound<'_, PyAny>>, tell: &Bound<'_, PyAny>) -> PyResult<()> {
        let told = std::mem::take(&mut *held(&self.told));
        for line in told.lines {
            tell.call1(line)?;
        }
        if let (Some(progress), Some(far)) = (progress, told.progress) {
            progress.call1(far)?;
        }
        Ok(())
    }
}

fn held(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    // Whoever panicked left a whole value behind.
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
