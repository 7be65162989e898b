//! `lockgate._native`: the client for Python, as thin as can be.
//!
//! Arguments become an order, the client does the work in a thread of its own, and its errors become exceptions. The other
//! half, what users see, is in `python/lockgate`. What this crate does not know: which bytes are right, where they come
//! from, which variant fits. All of that is the client's.

mod bring;
mod raise;
mod watch;
mod wish;

use std::path::PathBuf;

use pyo3::prelude::*;

/// The extension module. Holds no state, so that any number of threads may use it.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::fetch;
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("CODES", lockgate_client::codes())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// Gives the path of the verified executable that `wish` describes. While it waits, other threads run.
#[pyfunction]
fn fetch(
    py: Python<'_>,
    wish: wish::Wish,
    progress: Option<Bound<'_, PyAny>>,
    tell: Bound<'_, PyAny>,
) -> PyResult<PathBuf> {
    let watch = watch::Watch::default();
    let listener = watch.listener();
    let job = wish
        .job(listener, watch.stop())
        .map_err(|problem| raise::exception(py, &problem))?;
    watch.run(py, job, progress.as_ref(), &tell)
}
