//! The client's errors as exceptions. The Python half knows which class belongs to which code.

use std::any::Any;
use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lockgate_client::{FetchError, FetchSpecError};
use pyo3::prelude::*;

/// Runs work that must not unwind into Python: a panic becomes an error with a code.
pub(crate) fn caught<T>(
    work: impl FnOnce() -> Result<T, FetchSpecError>,
) -> Result<T, FetchSpecError> {
    // What the panic left half done is dropped here, or guarded by a mutex whose values are replaced whole.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(internal(&message(&*panic))))
}

/// The error for what cannot happen unless there is a bug, or the system is out of resources.
pub(crate) fn internal(problem: &str) -> FetchSpecError {
    let problem = problem.to_owned();
    FetchError::Internal { problem }.into()
}

/// The exception for an error.
pub(crate) fn exception(py: Python<'_>, error: &FetchSpecError) -> PyErr {
    // The client's messages do not repeat their source, which has the system's own words.
    let message = match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    let made = py
        .import("lockgate._errors")
        .and_then(|errors| errors.getattr("of"))
        .and_then(|of| of.call1((error.code(), message, error.hint())));
    match made {
        Ok(made) => PyErr::from_value(made),
        Err(error) => error,
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
