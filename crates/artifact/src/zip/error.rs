//! Why a zip was refused: the part being read, what was wrong, its stable code, and what to do.
//!
//! Text from the zip is escaped and cut before it reaches this module, which does not know how a refusal is shown.

use std::{fmt, io};

/// The part of a zip that was being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The record before the content.
    LocalHeader,
    /// The file itself, compressed or not.
    Content,
    /// The record after the content that holds its sizes and CRC.
    Descriptor,
    /// The list of entries, which holds exactly one.
    CentralDirectory,
    /// The last record.
    EndRecord,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LocalHeader => "local header",
            Self::Content => "content",
            Self::Descriptor => "data descriptor",
            Self::CentralDirectory => "central directory",
            Self::EndRecord => "end record",
        })
    }
}

/// Why a zip was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum ZipError {
    /// The source failed; nothing is known about the zip.
    #[error("the source failed while the {part} was read")]
    Source { part: Part, source: io::Error },
    /// The zip ends in the middle of something.
    #[error("the zip ends within the {part}")]
    Truncated { part: Part },
    /// Another record, or none, is where `part` has to be.
    #[error("no {part} where it has to be: found `{found}`")]
    Signature { part: Part, found: String },
    /// The zip uses the 64-bit extension of the format.
    #[error("the {part} uses zip64")]
    Zip64 { part: Part },
    /// A version outside the profile.
    #[error("the {part} names version {found:#06x}")]
    Version { part: Part, found: u16 },
    /// Flags for encryption, patches, masked headers and the like.
    #[error("the {part} has flags {found:#06x}; only bits 3 and 11 may be set")]
    Flags { part: Part, found: u16 },
    /// A method other than stored or deflated.
    #[error("the entry uses compression method {found}; only 0 and 8 are read")]
    Method { found: u16 },
    /// Extra fields can override names, sizes and offsets.
    #[error("the {part} has {length} bytes of extra fields")]
    Extra { part: Part, length: u16 },
    /// Comments can hide other records.
    #[error("the {part} has a comment of {length} bytes")]
    Comment { part: Part, length: u16 },
    /// The name that the caller expects is not in the accepted grammar.
    #[error("`{name}` cannot be the name of an artifact's file")]
    ExpectedName { name: String },
    /// The entry has another name than the expected one.
    #[error("the {part} names `{found}`, expected `{expected}`")]
    Name {
        part: Part,
        found: String,
        expected: String,
    },
    /// Two records disagree.
    #[error("the {part} gives {field} as {found}, the data before it has {expected}")]
    Disagree {
        part: Part,
        field: &'static str,
        found: u64,
        expected: u64,
    },
    /// The number of entries is not one, or the count is wrong.
    #[error("the zip does not hold exactly one entry, or its entry count is wrong")]
    Entries,
    /// There is no descriptor where the content has to end.
    #[error("no data descriptor after {size} bytes of content: found `{found}`")]
    NoDescriptor { size: u64, found: String },
    /// The entry is not a regular file but, for example, a directory, a symbolic link or a device.
    #[error("the entry is not a regular file: its Unix mode is {mode:#o}")]
    FileType { mode: u32 },
    /// The entry has a setuid or setgid bit.
    #[error("the entry has a setuid, setgid or sticky bit: its Unix mode is {mode:#o}")]
    SetId { mode: u32 },
    /// Attributes that an uploader has no reason to set.
    #[error("the entry has {field} {found:#x}")]
    Attributes { field: &'static str, found: u32 },
    /// The compressed data is broken.
    #[error("the content is not a valid deflate stream")]
    Deflate,
    /// The compressed data goes on without producing content.
    #[error("the content takes more than {limit} bytes, more than any compressor needs for it")]
    Padding { limit: u64 },
    /// The content is not of the expected size.
    #[error("the content has {}{found} bytes, expected {expected}", if *more { "at least " } else { "" })]
    Size {
        found: u64,
        more: bool,
        expected: u64,
    },
    /// The content is larger than the caller allows.
    #[error("the content has more than {limit} bytes")]
    TooLarge { limit: u64 },
    /// The content does not match its CRC-32.
    #[error("the zip gives CRC {found:08x}, the content has {computed:08x}")]
    Crc { found: u32, computed: u32 },
    /// There are bytes after the end record.
    #[error("there are bytes after the end record")]
    Trailing,
    /// The caller stopped before the end.
    #[error("the content was not read to its end")]
    Unfinished,
    /// The caller kept reading after a refusal.
    #[error("the zip was refused before")]
    Poisoned,
}

const REBUILD: &str = "Build the candidate again and upload exactly one file with actions/upload-artifact; \
    if that zip is refused too, report it.";
const HOSTILE: &str = "Do not promote: actions/upload-artifact does not write this. \
    Look at how the artifact was made before building again.";

impl ZipError {
    /// Every code that [`ZipError::code`] returns.
    pub const CODES: &'static [&'static str] = &[
        "zip.read",
        "zip.truncated",
        "zip.signature",
        "zip.zip64",
        "zip.version",
        "zip.flags",
        "zip.method",
        "zip.extra",
        "zip.comment",
        "zip.expected-name",
        "zip.name",
        "zip.disagree",
        "zip.entries",
        "zip.descriptor",
        "zip.file-type",
        "zip.set-id",
        "zip.attributes",
        "zip.deflate",
        "zip.padding",
        "zip.size",
        "zip.too-large",
        "zip.crc",
        "zip.trailing",
        "zip.unfinished",
        "zip.spent",
    ];

    /// Returns the stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.meaning().0
    }

    /// Returns one sentence on what to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.meaning().1
    }

    fn meaning(&self) -> (&'static str, &'static str) {
        match self {
            Self::Source { .. } => ("zip.read", "Try again: the download failed, not the zip."),
            Self::Truncated { .. } => (
                "zip.truncated",
                "Try again: the download is incomplete. If it stays so, build the candidate again.",
            ),
            Self::Signature { .. } => ("zip.signature", REBUILD),
            Self::Zip64 { .. } => (
                "zip.zip64",
                "Only files below 4 GiB are read: make the executable smaller.",
            ),
            Self::Version { .. } => ("zip.version", REBUILD),
            Self::Flags { .. } => ("zip.flags", REBUILD),
            Self::Method { .. } => ("zip.method", REBUILD),
            Self::Extra { .. } => ("zip.extra", REBUILD),
            Self::Comment { .. } => ("zip.comment", HOSTILE),
            Self::ExpectedName { .. } => (
                "zip.expected-name",
                "Name it with 1 to 255 letters, digits, dots, underscores and hyphens.",
            ),
            Self::Name { .. } => (
                "zip.name",
                "Upload the one file that the manifest names, and no folder.",
            ),
            Self::Disagree { .. } => ("zip.disagree", HOSTILE),
            Self::Entries => ("zip.entries", "Upload one file for each artifact."),
            Self::NoDescriptor { .. } => (
                "zip.descriptor",
                "The file's size is not the manifest's, or another tool made the zip: build again.",
            ),
            Self::FileType { .. } => (
                "zip.file-type",
                "Upload the file itself, not a link or folder.",
            ),
            Self::SetId { .. } => (
                "zip.set-id",
                "Remove the setuid, setgid and sticky bits before the upload.",
            ),
            Self::Attributes { .. } => ("zip.attributes", REBUILD),
            Self::Deflate => ("zip.deflate", REBUILD),
            Self::Padding { .. } => ("zip.padding", HOSTILE),
            Self::Size { .. } => (
                "zip.size",
                "The manifest describes another file: build the candidate again.",
            ),
            Self::TooLarge { .. } => (
                "zip.too-large",
                "Check what was uploaded: it is larger than such a file may be.",
            ),
            Self::Crc { .. } => (
                "zip.crc",
                "Try again; if it stays so, build the candidate again.",
            ),
            Self::Trailing => ("zip.trailing", HOSTILE),
            Self::Unfinished => (
                "zip.unfinished",
                "Read until the reader returns zero bytes: this is a bug in the caller.",
            ),
            Self::Poisoned => (
                "zip.spent",
                "Stop at the first refusal: this is a bug in the caller.",
            ),
        }
    }

    /// Finds the [`ZipError`] inside an `io::Error` from the reader, or returns the `io::Error` unchanged.
    ///
    /// # Errors
    /// The same `io::Error`, if it holds none.
    pub fn from_io(error: io::Error) -> Result<Self, io::Error> {
        error.downcast()
    }
}

impl From<ZipError> for io::Error {
    fn from(error: ZipError) -> Self {
        let kind = if let ZipError::Source { source, .. } = &error {
            source.kind()
        } else if let ZipError::Truncated { .. } = &error {
            io::ErrorKind::UnexpectedEof
        } else {
            io::ErrorKind::InvalidData
        };
        Self::new(kind, error)
    }
}
