//! `lockgate._native`: the client for Python, a thin layer.
//!
//! Turns the arguments into a fetch, runs it in a thread of its own, and turns the client's errors into exceptions. The
//! public API is in `python/lockgate`. All decisions are the client's: which bytes are right, where they come from,
//! which variant fits.

mod args;
mod errors;
mod job;
mod task;

use pyo3::prelude::*;

/// The extension module. It holds no state, so any number of threads may use it.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::begin;
    #[pymodule_export]
    use super::task::Task;
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        #[cfg(debug_assertions)]
        module.setattr(
            "_begin_panicking",
            pyo3::wrap_pyfunction!(super::begin_panicking, module)?,
        )?;
        module.add("CODES", lockgate_client::codes())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// Starts to fetch the verified executable that `args` describes. Other threads run while the caller waits for it.
#[pyfunction]
fn begin(py: Python<'_>, args: args::Args) -> PyResult<task::Task> {
    let monitor = task::Monitor::default();
    let begun = errors::caught(|| {
        let job = args.job(monitor.listener(), monitor.stop())?;
        let cache = job.cache.clone();
        monitor.begin(cache, move || job.run())
    });
    begun.map_err(|error| errors::exception(py, &error))
}

/// Starts work that panics: for the tests of this border. A release build does not have it.
#[cfg(debug_assertions)]
#[pyfunction]
fn begin_panicking(py: Python<'_>, at_once: bool) -> PyResult<task::Task> {
    let begun = errors::caught(|| {
        assert!(!at_once, "on purpose, in the caller's thread");
        task::Monitor::default().begin(None, move || {
            assert!(at_once, "on purpose, in the thread that works");
            Err(errors::internal("it did not panic"))
        })
    });
    begun.map_err(|error| errors::exception(py, &error))
}
