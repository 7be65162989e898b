//! The end of a command: exit statuses, and failures in a form for people and for programs.

use std::process::{ExitCode, Termination};

use lockgate_core::Reason;
use serde::Serialize;

/// The exit statuses. Public, documented in docs/exit-codes.md, and never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// Success.
    Done = 0,
    /// An external fault, or a bug.
    #[serde(rename = "error")]
    CouldNot = 1,
    /// The command line is invalid.
    Usage = 2,
    /// A person must change something.
    Refused = 3,
    /// It may become possible without any action.
    Waiting = 4,
    /// Bytes differ from what is expected.
    WrongBytes = 5,
    /// The release does not exist.
    NotPublished = 6,
}

impl Exit {
    /// Returns the rank among several results: a failure that needs a person ranks above one that may pass by itself; a bug or an
    /// external fault ranks last, because nothing is known then.
    pub fn severity(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Waiting => 1,
            Self::NotPublished => 2,
            Self::Refused => 3,
            Self::Usage => 4,
            Self::WrongBytes => 5,
            Self::CouldNot => 6,
        }
    }

    /// Returns the name used in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::CouldNot => "error",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::Waiting => "waiting",
            Self::WrongBytes => "wrong bytes",
            Self::NotPublished => "not published",
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// A command that failed: the problem, what to do next, a stable code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit status.
    pub exit: Exit,
    /// The stable code, such as `promote.head-moved`.
    pub code: &'static str,
    /// The problem as one sentence; untrusted text in it is quoted and escaped.
    pub message: String,
    /// What to do next, as one sentence.
    pub hint: String,
}

impl Failure {
    /// Builds a failure from a reason with a code.
    pub fn new(exit: Exit, reason: &impl Reason) -> Self {
        Self {
            exit,
            code: reason.code(),
            message: reason.to_string(),
            hint: reason.hint(),
        }
    }

    /// Formats the failure for a terminal or a log.
    pub fn text(&self) -> String {
        format!(
            "{} ({}): {}\n  next: {}",
            self.exit.as_str(),
            self.code,
            self.message,
            self.hint
        )
    }
}
