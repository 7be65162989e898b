//! The JSON document of a command: one for each invocation, also if it fails. Schemas: `schema/output/`.

use lockgate_core::Reason;
use serde::Serialize;

use crate::exit::{Exit, Failure};

/// The document: how the command ended, and its result as far as there is one.
#[derive(Serialize)]
pub(super) struct Document<'a, R> {
    version: u8,
    command: Option<&'a str>,
    status: Exit,
    exit: u8,
    error: Option<Problem>,
    #[serde(flatten)]
    result: Option<&'a R>,
}

impl<'a, R: Serialize> Document<'a, R> {
    /// Builds the document of a command; a command line that is not understood has no command.
    pub(super) fn new(
        command: Option<&'a str>,
        result: Option<&'a R>,
        failure: Option<&Failure>,
    ) -> Self {
        let status = failure.map_or(Exit::Done, |failure| failure.exit);
        Self {
            version: 1,
            command,
            status,
            exit: status as u8,
            error: failure.map(Problem::from),
            result,
        }
    }

    /// Formats the document. No line of it is a command for a runner.
    #[expect(
        clippy::expect_used,
        reason = "results have text keys, and paths as text"
    )]
    pub(super) fn text(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        let text = text.expect("maps with text keys, numbers and texts always serialise");
        text.replace("##[", "#\\u0023[")
    }
}

/// A problem in a document: of the command itself, or one of its findings.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// The stable code.
    pub code: &'static str,
    /// The problem as one sentence.
    pub message: String,
    /// What to do next, as one sentence.
    pub hint: String,
}

impl Problem {
    /// Describes a reason.
    pub fn of(reason: &impl Reason) -> Self {
        Self {
            code: reason.code(),
            message: reason.to_string(),
            hint: reason.hint(),
        }
    }
}

impl From<&Failure> for Problem {
    fn from(failure: &Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message.clone(),
            hint: failure.hint.clone(),
        }
    }
}

/// A list of files or executables with their digests.
#[derive(Debug, Serialize)]
pub struct File {
    /// The name of the asset.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub sha256: String,
}
