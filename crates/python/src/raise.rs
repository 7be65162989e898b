//! The client's errors as exceptions. Which class belongs to which code, the Python half knows.

use std::error::Error;

use lockgate_client::{FetchError, OrderError};
use pyo3::prelude::*;

/// An error with the two things that every one of ours has.
pub(crate) trait Problem: Error {
    fn code(&self) -> &'static str;
    fn hint(&self) -> &'static str;
}

impl Problem for FetchError {
    fn code(&self) -> &'static str {
        self.code()
    }
    fn hint(&self) -> &'static str {
        self.hint()
    }
}

impl Problem for OrderError {
    fn code(&self) -> &'static str {
        self.code()
    }
    fn hint(&self) -> &'static str {
        self.hint()
    }
}

/// The exception for an error.
pub(crate) fn exception(py: Python<'_>, problem: &dyn Problem) -> PyErr {
    // What the system said stands in the source.
    let message = match problem.source() {
        Some(source) => format!("{problem}: {source}"),
        None => problem.to_string(),
    };
    let made = py
        .import("lockgate._errors")
        .and_then(|errors| errors.getattr("of"))
        .and_then(|of| of.call1((problem.code(), message, problem.hint())));
    match made {
        Ok(made) => PyErr::from_value(made),
        Err(error) => error,
    }
}
