//! Why an operation was refused, by GitHub's categories.
//!
//! This module does not know status codes or JSON: `rest` turns refusals into responses.

use crate::repository::RepositoryError;

/// A refused operation, which has changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The object does not exist, or is not visible to the actor.
    #[error("Not Found")]
    NotFound,
    /// A token is required.
    #[error("Requires authentication")]
    Unauthenticated,
    /// The actor lacks a permission.
    #[error("{0}")]
    Forbidden(MissingPermission),
    /// Some values are invalid.
    #[error("Validation Failed")]
    Invalid(Vec<ValidationError>),
    /// The operation is impossible, but no single value is wrong.
    #[error("{0}")]
    Unprocessable(String),
    /// The state is not the expected one, or the object already exists.
    #[error("{0}")]
    Conflict(String),
    /// The operation is not allowed in this state.
    #[error("{0}")]
    NotAllowed(String),
    /// The object no longer exists.
    #[error("{0}")]
    Gone(String),
    /// The request is malformed.
    #[error("{0}")]
    Malformed(String),
    /// The fake itself failed.
    #[error("{0}")]
    Broken(String),
}

impl Refusal {
    /// Refuses one invalid value.
    pub(crate) fn invalid(resource: &'static str, field: &'static str) -> Self {
        Self::Invalid(vec![ValidationError::new(
            resource,
            field,
            FlawCode::Invalid,
        )])
    }

    /// Refuses a missing field.
    pub(crate) fn missing(resource: &'static str, field: &'static str) -> Self {
        Self::Invalid(vec![ValidationError::new(
            resource,
            field,
            FlawCode::MissingField,
        )])
    }

    /// Refuses a name that is taken.
    pub(crate) fn exists(resource: &'static str, field: &'static str) -> Self {
        Self::Invalid(vec![ValidationError::new(
            resource,
            field,
            FlawCode::AlreadyExists,
        )])
    }

    /// Refuses a value for a specific reason.
    pub(crate) fn custom(
        resource: &'static str,
        field: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let mut flaw = ValidationError::new(resource, field, FlawCode::Custom);
        flaw.message = Some(message.into());
        Self::Invalid(vec![flaw])
    }

    /// Returns whether this is `already_exists` for `field`.
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

/// The permission that the actor lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MissingPermission {
    /// The actor is an app's token without the permission.
    #[error("Resource not accessible by integration")]
    Integration,
    /// The actor is a user without write access.
    #[error("Must have push access to repository")]
    Push,
    /// The actor is not an administrator.
    #[error("Must have admin rights to Repository.")]
    Admin,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationError {
    /// `Release`, `ReleaseAsset`, ...
    pub resource: &'static str,
    /// The field's name in the request.
    pub field: &'static str,
    /// The kind of problem.
    pub code: FlawCode,
    /// The message, if GitHub sends one.
    pub message: Option<String>,
}

impl ValidationError {
    fn new(resource: &'static str, field: &'static str, code: FlawCode) -> Self {
        Self {
            resource,
            field,
            code,
            message: None,
        }
    }
}

/// GitHub's codes for a problem with a value.
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
