//! How the command ends: exit codes, and failures as people and programs read them.

use std::process::{ExitCode, Termination};

use lockgate_core::Reason;

/// The exit codes. Public, documented in docs/exit-codes.md, and never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It is as it should be.
    Done = 0,
    /// Trouble outside, or a bug.
    CouldNot = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A person must change something.
    Refused = 3,
    /// It may become possible by itself.
    Waiting = 4,
    /// Bytes are not what they must be.
    WrongBytes = 5,
    /// There is no such release.
    NotPublished = 6,
}

impl Exit {
    /// How bad it is among several: what a person must change comes before what may pass by itself; a bug or trouble outside comes
    /// last, because nothing is known then.
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

    /// The word that messages and JSON use for it.
    pub fn word(self) -> &'static str {
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

/// A command that did not end well: what was wrong, what to do next, a stable code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// Such as `promote.head-moved`.
    pub code: &'static str,
    /// One sentence; foreign text in it is quoted and escaped.
    pub message: String,
    /// One sentence.
    pub hint: String,
    /// Whether the result of the command, which was printed, has told programs about it.
    pub told: bool,
}

impl Failure {
    /// From a reason with a code.
    pub fn new(exit: Exit, reason: &impl Reason) -> Self {
        Self {
            exit,
            code: reason.code(),
            message: reason.to_string(),
            hint: reason.hint(),
            told: false,
        }
    }

    /// For a person at a terminal, or a log.
    pub fn text(&self) -> String {
        format!(
            "{} ({}): {}\n  next: {}",
            self.exit.word(),
            self.code,
            self.message,
            self.hint
        )
    }

    /// For programs.
    pub fn json(&self, command: &str) -> serde_json::Value {
        serde_json::json!({
            "version": 1,
            "command": command,
            "outcome": self.exit.word(),
            "exit": self.exit as u8,
            "code": self.code,
            "message": self.message,
            "next": self.hint,
        })
    }
}
