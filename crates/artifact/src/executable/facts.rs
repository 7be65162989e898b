//! The contents of an executable's headers, as plain values.
//!
//! The strings come from the executable: UTF-8 without control characters, but otherwise arbitrary. This module does
//! not know how they are found or which of them are wanted.

use std::{fmt, str::FromStr};

use super::arch::Arch;

/// The headers of one ELF executable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// 32 or 64 bits (`EI_CLASS`).
    pub class: Class,
    /// Byte order (`EI_DATA`).
    pub endian: Endian,
    /// Processor (`e_machine`).
    pub machine: Machine,
    /// The kind of executable (`e_type`, and more).
    pub kind: Kind,
    /// `EI_OSABI`: 0 is System V, 3 Linux with GNU extensions, 9 FreeBSD.
    pub os_abi: u8,
    /// `PT_INTERP`: path of the dynamic linker; `None` for a static executable.
    pub interpreter: Option<String>,
    /// `DT_NEEDED`: the libraries that the executable names, in its order.
    pub needed: Vec<String>,
    /// `DT_RPATH`: where libraries are searched for first, if present.
    pub rpath: Option<String>,
    /// `DT_RUNPATH`: the same, searched after `LD_LIBRARY_PATH`.
    pub runpath: Option<String>,
    /// The highest `GLIBC_x.y` among the symbol versions that the executable needs.
    pub glibc: Option<GlibcVersion>,
    /// `PT_GNU_STACK`.
    pub stack: Stack,
    /// Size of the whole file in bytes.
    pub size: u64,
}

/// Address width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// `ELFCLASS32`.
    Bits32,
    /// `ELFCLASS64`.
    Bits64,
}

/// Byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    /// `ELFDATA2LSB`.
    Little,
    /// `ELFDATA2MSB`.
    Big,
}

/// Processor, by `e_machine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are gABI's without EM_")]
pub enum Machine {
    I386,
    Ppc64,
    S390,
    Arm,
    X86_64,
    Aarch64,
    Riscv,
    /// Any other number.
    Other(u16),
}

impl Machine {
    pub(super) fn from_number(number: u16) -> Self {
        match number {
            3 => Self::I386,
            21 => Self::Ppc64,
            22 => Self::S390,
            40 => Self::Arm,
            62 => Self::X86_64,
            183 => Self::Aarch64,
            243 => Self::Riscv,
            other => Self::Other(other),
        }
    }
}

/// The kind of executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `ET_EXEC`: at a fixed address.
    Fixed,
    /// `ET_DYN` with a dynamic linker: at any address.
    Pie,
    /// `ET_DYN` without one, marked `DF_1_PIE`: relocates itself.
    StaticPie,
}

/// The permissions of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// `PT_GNU_STACK` without `PF_X`.
    NotExecutable,
    /// `PT_GNU_STACK` with `PF_X`.
    Executable,
    /// No `PT_GNU_STACK`. Linux and the GNU dynamic linker then decide by architecture and version, and several make
    /// the stack executable (i386 and Arm always, x86-64 before Linux 5.8). Counts as executable.
    Unmarked,
}

/// A glibc version as in symbol versions: `2.17`, or `2.2.5` with a third number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlibcVersion {
    /// The first number: 2.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number, 0 if there is none.
    pub patch: u16,
}

impl GlibcVersion {
    /// Creates version `major.minor`.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self {
            major,
            minor,
            patch: 0,
        }
    }
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            0 => Ok(()),
            patch => write!(f, ".{patch}"),
        }
    }
}

/// Text that is not a glibc version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a glibc version is two or three numbers with dots, such as 2.31")]
pub struct UnknownSymbolVersion;

impl FromStr for GlibcVersion {
    type Err = UnknownSymbolVersion;

    fn from_str(text: &str) -> Result<Self, UnknownSymbolVersion> {
        let number = |part: &str| {
            // `parse` alone would accept a sign.
            let digits = part.bytes().all(|c| c.is_ascii_digit());
            part.parse::<u16>().ok().filter(|_| digits)
        };
        let mut parts = text.split('.').map(number);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Some(major)), Some(Some(minor)), patch, None) => Ok(Self {
                major,
                minor,
                patch: patch.unwrap_or(Some(0)).ok_or(UnknownSymbolVersion)?,
            }),
            _ => Err(UnknownSymbolVersion),
        }
    }
}

/// The C library that the executable needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Libc {
    /// No C library on the machine: the executable is self-contained.
    Static,
    /// glibc, at least of this version; `None` if the executable needs no versioned symbol of it.
    Glibc {
        /// The highest version among the symbols that the executable needs.
        floor: Option<GlibcVersion>,
    },
    /// musl.
    Musl,
    /// Another C library, such as Android's or a BSD's.
    Other {
        /// Path of the dynamic linker.
        interpreter: String,
    },
}

impl Facts {
    /// Returns the name of the format. There is only one so far.
    #[must_use]
    pub fn format(&self) -> &'static str {
        "ELF"
    }

    /// Returns the architecture, if variants can name it.
    #[must_use]
    pub fn arch(&self) -> Option<Arch> {
        Arch::of(self.machine, self.class, self.endian)
    }

    /// Returns whether the stack has to be considered executable.
    #[must_use]
    pub fn exec_stack(&self) -> bool {
        match self.stack {
            Stack::NotExecutable => false,
            Stack::Executable | Stack::Unmarked => true,
        }
    }

    /// Returns the C library, judged by the file name of the dynamic linker: `ld-musl-*` is musl's; `ld-linux*`,
    /// `ld64.so.*` (POWER and IBM Z) are glibc's.
    #[must_use]
    pub fn libc(&self) -> Libc {
        let Some(interpreter) = &self.interpreter else {
            return Libc::Static;
        };
        let name = interpreter.rsplit('/').next().unwrap_or_default();
        if name.starts_with("ld-musl-") {
            Libc::Musl
        } else if name.starts_with("ld-linux") || name.starts_with("ld64.so.") {
            Libc::Glibc { floor: self.glibc }
        } else {
            Libc::Other {
                interpreter: interpreter.clone(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_glibc_versions_by_number_not_by_text() {
        let v = |text: &str| text.parse::<GlibcVersion>().unwrap();
        assert!(v("2.9") < v("2.10"));
        assert!(v("2.2") < v("2.2.5"));
        assert_eq!(v("2.31"), GlibcVersion::new(2, 31));
        for text in ["2.2.5", "2.31"] {
            assert_eq!(v(text).to_string(), text);
        }
        for text in [
            "", "2", "2.", ".2", "2.3.4.5", "2.+3", "2.a", "2.70000", "2.3.x",
        ] {
            assert!(text.parse::<GlibcVersion>().is_err(), "{text}");
        }
    }
}
