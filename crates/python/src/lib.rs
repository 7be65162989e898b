//! `lockgate._native`: the client for Python, as thin as can be.
//!
//! Arguments become an order, the client does the work in a thread of its own, and its errors become exceptions. The other
//! half, what users see, is in `python/lockgate`. What this crate does not know: which bytes are right, where they come
//! from, which variant fits. All of that is the client's.

mod bring;
mod raise;
mod watch;
mod wish;

use pyo3::prelude::*;

/// The extension module. Holds no state, so that any number of threads may use it.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::begin;
    #[pymodule_export]
    use super::watch::Call;
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("CODES", lockgate_client::codes())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// Begins to bring the verified executable that `wish` describes. While anybody waits for it, other threads run.
#[pyfunction]
fn begin(py: Python<'_>, wish: wish::Wish) -> PyResult<watch::Call> {
    let watch = watch::Watch::default();
    let job = wish
        .job(watch.listener(), watch.stop())
        .map_err(|problem| raise::exception(py, &problem))?;
    watch.begin(job)
}
