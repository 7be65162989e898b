//! Why bytes were refused as an executable.
//!
//! A valid executable that does not meet the requirements is a [`Violation`](super::Violation), not an error here.

use std::io;

/// Why bytes were refused as an executable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum InspectError {
    /// The source failed; nothing is known about the file.
    #[error("reading the executable failed")]
    Read(#[source] io::Error),
    /// The file is empty.
    #[error("the file is empty")]
    Empty,
    /// A script that starts with `#!`.
    #[error("the file is a script: it starts with `#!`")]
    Script,
    /// An executable in Apple's format.
    #[error("the file is a Mach-O executable, for macOS")]
    MachO,
    /// An executable in Microsoft's format.
    #[error("the file is a PE executable, for Windows")]
    Pe,
    /// The format is unknown.
    #[error("the file is not an executable: it starts with `{found}`")]
    Unrecognized { found: String },
    /// A part of the file is missing.
    #[error("the file is cut off: {part} ends at byte {end}, the file at {size}")]
    Truncated {
        part: &'static str,
        end: u64,
        size: u64,
    },
    /// A header value that is invalid in an ELF file.
    #[error("the ELF header has {field} {found}")]
    Header { field: &'static str, found: u64 },
    /// Another type of ELF file, such as an object file or a core dump.
    #[error("the ELF file is {what}, not an executable")]
    Type { what: &'static str },
    /// A shared library: `ET_DYN` that is not meant to be run.
    #[error(
        "the ELF file is a shared library: it names no dynamic linker and is not marked as PIE"
    )]
    SharedLibrary,
    /// A part of the file passed by in a stream and was not kept.
    #[error("the {part} of the executable at byte {at} was not kept while it streamed by")]
    NotKept { part: &'static str, at: u64 },
    /// More of something than is allowed.
    #[error("the executable has more than one {what}")]
    Duplicate { what: &'static str },
    /// Segments that contradict themselves or each other.
    #[error("the {what} of the executable is invalid: {problem}")]
    Segment {
        what: &'static str,
        problem: &'static str,
    },
    /// A dynamic section that contradicts itself.
    #[error("the dynamic section of the executable is invalid: {problem}")]
    Dynamic { problem: &'static str },
    /// Text that is not valid.
    #[error("the executable gives as {what} `{found}`, which is not valid text")]
    Text { what: &'static str, found: String },
    /// Something unreasonably large.
    #[error("the {what} of the executable is too large: {found}, at most {limit} are read")]
    TooLarge {
        what: &'static str,
        found: u64,
        limit: u64,
    },
}

const RELINK: &str = "Link it with an ordinary linker, and do not pack or strip it with a tool that writes broken headers.";

impl InspectError {
    /// Every code that [`InspectError::code`] returns.
    pub const CODES: &'static [&'static str] = &[
        "executable.read",
        "executable.empty",
        "executable.script",
        "executable.mach-o",
        "executable.pe",
        "executable.unrecognized",
        "executable.not-kept",
        "elf.truncated",
        "elf.header",
        "elf.type",
        "elf.shared-library",
        "elf.duplicate",
        "elf.segment",
        "elf.dynamic",
        "elf.text",
        "elf.too-large",
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
            Self::Read(_) => (
                "executable.read",
                "Try again; the file itself was not judged.",
            ),
            Self::Empty => (
                "executable.empty",
                "Look at the build: it left a file but wrote nothing into it.",
            ),
            Self::Script => (
                "executable.script",
                "Name the executable itself as the variant's file, not a script that starts it.",
            ),
            Self::MachO => ("executable.mach-o", "Build this variant for Linux."),
            Self::Pe => ("executable.pe", "Build this variant for Linux."),
            Self::Unrecognized { .. } => (
                "executable.unrecognized",
                "Name the executable itself as the variant's file, not an archive of it.",
            ),
            Self::NotKept { .. } => (
                "executable.not-kept",
                "Build again with this version of Lockgate: its manifest lists what has to be kept (`header_ranges`).",
            ),
            Self::Truncated { .. } => (
                "elf.truncated",
                "Look at the build: the file was copied before it was complete.",
            ),
            Self::Header { .. } => ("elf.header", RELINK),
            Self::Type { .. } => ("elf.type", "Name the linker's output, not its input."),
            Self::SharedLibrary => (
                "elf.shared-library",
                "Name an executable; if it is one, link it with `-static-pie` or `-no-pie`.",
            ),
            Self::Duplicate { .. } => ("elf.duplicate", RELINK),
            Self::Segment { .. } => ("elf.segment", RELINK),
            Self::Dynamic { .. } => ("elf.dynamic", RELINK),
            Self::Text { .. } => ("elf.text", RELINK),
            Self::TooLarge { .. } => ("elf.too-large", RELINK),
        }
    }
}
