//! Reads the single file of an artifact, whether the artifact is a zip or, as newer uploaders allow, the plain file.
//!
//! GitHub's download response shows which form it is; guessing from the bytes would let the uploader choose. For a plain
//! file only the size is checked here: the caller compares its digest with the manifest's.

use std::io::{self, Read};

use crate::zip::{self, Expect, SingleFile, Size, ZipError};

/// The form in which an artifact was uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A zip with one entry.
    Zip,
    /// The file itself, without a zip.
    Plain,
}

/// The facts learned by reading an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Size of the content in bytes.
    pub size: u64,
    /// The facts of the zip; `None` for a plain file.
    pub zip: Option<zip::Facts>,
}

/// Why an artifact was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The zip was refused.
    #[error(transparent)]
    Zip(ZipError),
    /// The plain file is not of the expected size.
    #[error("the artifact has {}{found} bytes, expected {expected}", if *more { "at least " } else { "" })]
    Size {
        /// Number of bytes found.
        found: u64,
        /// Whether the file has more bytes than were read.
        more: bool,
        /// Number of bytes expected.
        expected: u64,
    },
    /// The plain file is larger than the caller allows.
    #[error("the artifact has more than {limit} bytes")]
    TooLarge {
        /// Number of bytes allowed.
        limit: u64,
    },
    /// The underlying reader failed.
    #[error("the source failed while the artifact was read")]
    Source(#[source] io::Error),
    /// The caller stopped before the end.
    #[error("the artifact was not read to its end")]
    Unfinished,
    /// The caller kept reading after a refusal.
    #[error("the artifact was refused before")]
    Poisoned,
}

impl ArtifactError {
    /// Every code that [`ArtifactError::code`] returns in addition to [`ZipError::CODES`].
    pub const CODES: &'static [&'static str] = &[
        "plain.size",
        "plain.too-large",
        "plain.read",
        "plain.unfinished",
        "plain.spent",
    ];

    /// Returns the stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Zip(error) => error.code(),
            Self::Size { .. } => "plain.size",
            Self::TooLarge { .. } => "plain.too-large",
            Self::Source(_) => "plain.read",
            Self::Unfinished => "plain.unfinished",
            Self::Poisoned => "plain.spent",
        }
    }

    /// Returns one sentence on what to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Zip(error) => error.hint(),
            Self::Size { .. } => {
                "Try again; if it stays so, the manifest describes another file: build the candidate again."
            }
            Self::TooLarge { .. } => {
                "Check what was uploaded: it is larger than such a file may be."
            }
            Self::Source(_) => "Try again: the download failed, not the artifact.",
            Self::Unfinished => {
                "Read until the reader returns zero bytes: this is a bug in the caller."
            }
            Self::Poisoned => "Stop at the first refusal: this is a bug in the caller.",
        }
    }

    /// Finds the [`ArtifactError`] (or [`ZipError`]) inside an `io::Error` from this reader; any other `io::Error` came
    /// from the source.
    #[must_use]
    pub fn from_io(error: io::Error) -> Self {
        match ZipError::from_io(error) {
            Ok(error) => Self::Zip(error),
            Err(error) => error.downcast().unwrap_or_else(Self::Source),
        }
    }
}

impl From<ZipError> for ArtifactError {
    fn from(error: ZipError) -> Self {
        Self::Zip(error)
    }
}

impl From<ArtifactError> for io::Error {
    fn from(error: ArtifactError) -> Self {
        match error {
            ArtifactError::Zip(error) => error.into(),
            ArtifactError::Source(error) => error,
            error @ (ArtifactError::Size { .. }
            | ArtifactError::TooLarge { .. }
            | ArtifactError::Unfinished
            | ArtifactError::Poisoned) => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// The content of an artifact, as a stream. As with [`SingleFile`], the last bytes are not verified until a read
/// returns `Ok(0)`; use [`ArtifactError::from_io`] to find the cause of an error.
#[derive(Debug)]
pub struct Artifact<R>(Reader<R>);

#[derive(Debug)]
enum Reader<R> {
    Zip(Box<SingleFile<R>>),
    Plain(PlainFile<R>),
}

impl<R: Read> Artifact<R> {
    /// Starts to read an artifact of the form that GitHub reports.
    ///
    /// # Errors
    /// As [`SingleFile::open`]. A plain file is not read yet. Its name is not part of its bytes: the caller has to
    /// compare the artifact's own name with `expect.name`.
    pub fn open(form: Form, source: R, expect: Expect<'_>) -> Result<Self, ArtifactError> {
        Ok(Self(match form {
            Form::Zip => Reader::Zip(Box::new(SingleFile::open(source, expect)?)),
            Form::Plain => Reader::Plain(PlainFile::new(source, expect.size)),
        }))
    }

    /// Returns what was read. Call it after `read` returned `Ok(0)`.
    ///
    /// # Errors
    /// [`ArtifactError::Unfinished`] or [`ZipError::Unfinished`] if there is content left; otherwise as `read`.
    pub fn finish(self) -> Result<Facts, ArtifactError> {
        match self.0 {
            Reader::Zip(file) => {
                let zip = file.finish()?;
                Ok(Facts {
                    size: zip.size,
                    zip: Some(zip),
                })
            }
            Reader::Plain(file) => Ok(Facts {
                size: file.finish()?,
                zip: None,
            }),
        }
    }
}

impl<R: Read> Read for Artifact<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Reader::Zip(file) => file.read(buf),
            Reader::Plain(file) => file.read(buf),
        }
    }
}

/// A file that was uploaded without a zip; only its size can be checked here.
#[derive(Debug)]
struct PlainFile<R> {
    source: R,
    size: Size,
    passed: u64,
    spent: bool,
}

impl<R: Read> PlainFile<R> {
    fn new(source: R, size: Size) -> Self {
        Self {
            source,
            size,
            passed: 0,
            spent: false,
        }
    }

    fn finish(mut self) -> Result<u64, ArtifactError> {
        loop {
            match self.read(&mut [0]) {
                Ok(0) => return Ok(self.passed),
                Ok(_) => return Err(ArtifactError::Unfinished),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ArtifactError::from_io(error)),
            }
        }
    }

    /// At the limit the source must end; before an exact size it must not.
    fn count(&mut self, n: usize) -> Result<usize, ArtifactError> {
        match self.size {
            Size::Exact(expected) if n == 0 && self.passed < expected => Err(ArtifactError::Size {
                found: self.passed,
                more: false,
                expected,
            }),
            Size::Exact(expected) if n > 0 && self.passed >= expected => Err(ArtifactError::Size {
                found: self.passed.saturating_add(1),
                more: true,
                expected,
            }),
            Size::AtMost(limit) if n > 0 && self.passed >= limit => {
                Err(ArtifactError::TooLarge { limit })
            }
            Size::Exact(_) | Size::AtMost(_) => {
                self.passed += n as u64;
                Ok(n)
            }
        }
    }
}

impl<R: Read> Read for PlainFile<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        if self.spent {
            return Err(ArtifactError::Poisoned.into());
        }
        let room = self.size.limit().saturating_sub(self.passed);
        let room = usize::try_from(room).map_or(buf.len(), |room| room.min(buf.len()));
        let mut excess = [0];
        let output = match buf.get_mut(..room) {
            Some(output) if room > 0 => output,
            _ => &mut excess,
        };
        let result = match self.source.read(output) {
            Ok(n) => self.count(n.min(output.len())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => Err(ArtifactError::Source(error)),
        };
        self.spent = result.is_err();
        Ok(result?)
    }
}
