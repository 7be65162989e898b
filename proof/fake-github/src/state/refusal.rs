//! Why an operation did not happen, in GitHub's kinds.
//!
//! Knows no status codes and no JSON: `rest` turns these into answers.

use crate::repository::RepositoryError;

/// An operation that was turned down. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not there, or the actor may not know that it is.
    #[error("Not Found")]
    NotFound,
    /// No token was sent where one is needed even to ask.
    #[error("Requires authentication")]
    Unauthenticated,
    /// The actor lacks a right.
    #[error("{0}")]
    Forbidden(Lack),
    /// Some values are not acceptable.
    #[error("Validation Failed")]
    Invalid(Vec<Flaw>),
    /// It cannot be done, and no single value is at fault.
    #[error("{0}")]
    Unprocessable(String),
    /// It is not what the caller thinks it is, or it is there already.
    #[error("{0}")]
    Conflict(String),
    /// It cannot be done in this state.
    #[error("{0}")]
    NotAllowed(String),
    /// It was there, and is not any more.
    #[error("{0}")]
    Gone(String),
    /// The request has no form that can be understood.
    #[error("{0}")]
    Malformed(String),
    /// The forge itself failed.
    #[error("{0}")]
    Broken(String),
}

impl Refusal {
    /// One value of one field is wrong.
    pub(crate) fn invalid(resource: &'static str, field: &'static str) -> Self {
        Self::Invalid(vec![Flaw::new(resource, field, FlawCode::Invalid)])
    }

    /// A required field is missing.
    pub(crate) fn missing(resource: &'static str, field: &'static str) -> Self {
        Self::Invalid(vec![Flaw::new(resource, field, FlawCode::MissingField)])
    }

    /// Another thing of this name is there.
    pub(crate) fn exists(resource: &'static str, field: &'static str) -> Self {
        Self::Invalid(vec![Flaw::new(resource, field, FlawCode::AlreadyExists)])
    }

    /// A value is wrong for a reason of its own.
    pub(crate) fn custom(
        resource: &'static str,
        field: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let mut flaw = Flaw::new(resource, field, FlawCode::Custom);
        flaw.message = Some(message.into());
        Self::Invalid(vec![flaw])
    }

    /// Whether this says `already_exists` about `field`.
    #[must_use]
    pub fn already_exists(&self, field: &str) -> bool {
        let Self::Invalid(flaws) = self else {
            return false;
        };
        flaws
            .iter()
            .any(|flaw| flaw.code == FlawCode::AlreadyExists && flaw.field == field)
    }
}

impl From<RepositoryError> for Refusal {
    fn from(error: RepositoryError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Which right the actor lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    /// An app's token without the permission.
    #[error("Resource not accessible by integration")]
    Integration,
    /// A person who may not push.
    #[error("Must have push access to repository")]
    Push,
    /// A person who is not an administrator.
    #[error("Must have admin rights to Repository.")]
    Admin,
}

/// What is wrong with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// `Release`, `ReleaseAsset`, ...
    pub resource: &'static str,
    /// The field's name in the request.
    pub field: &'static str,
    /// What kind of fault it is.
    pub code: FlawCode,
    /// A sentence, where GitHub gives one.
    pub message: Option<String>,
}

impl Flaw {
    fn new(resource: &'static str, field: &'static str, code: FlawCode) -> Self {
        Self {
            resource,
            field,
            code,
            message: None,
        }
    }
}

/// GitHub's codes for a fault in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlawCode {
    /// `missing_field`
    MissingField,
    /// `invalid`
    Invalid,
    /// `already_exists`
    AlreadyExists,
    /// `custom`
    Custom,
}
