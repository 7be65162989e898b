//! The client's errors as exceptions. The Python code maps codes to classes.

use std::any::Any;
use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lockgate_client::{FetchError, FetchSpecError};
use pyo3::prelude::*;

/// Runs work that must not unwind into Python: a panic becomes an error with a code.
pub(crate) fn caught<T>(
    work: impl FnOnce() -> Result<T, FetchSpecError>,
) -> Result<T, FetchSpecError> {
    // State left inconsistent by the panic is dropped here, or guarded by a mutex whose values are replaced as a whole.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(internal(&message(&*panic))))
}

/// Makes the error for what can only happen through a bug, or if the system is out of resources.
pub(crate) fn internal(problem: &str) -> FetchSpecError {
    let problem = problem.to_owned();
    FetchError::Internal { problem }.into()
}

/// Makes the exception for an error.
pub(crate) fn exception(py: Python<'_>, error: &FetchSpecError) -> PyErr {
    // The client's messages do not include their source, which has the system's error message.
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
