//! Compares the facts of an executable with a variant's requirements and returns the violations.
//!
//! Pure, and complete: it returns every violation, not only the first. It does not know where the requirements come
//! from or what a violation leads to.

use std::fmt;

use super::{
    arch::Arch,
    facts::{Class, Endian, Facts, GlibcVersion, Libc, Machine},
};
use crate::foreign::shown;

/// The requirements of a variant for its executable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirements {
    /// The architecture of the executable.
    pub arch: Arch,
    /// The C library of the target machines; `None` if it does not matter.
    pub libc: Option<LibcKind>,
    /// The oldest glibc that the executable must run with.
    pub glibc_floor: Option<GlibcVersion>,
    /// Allows library search paths in the executable (`DT_RPATH`, `DT_RUNPATH`): write access to such a path is enough
    /// to run code as the executable's user.
    pub allow_rpath: bool,
    /// Allows an executable stack.
    pub allow_exec_stack: bool,
    /// Allows a dynamic linker at another path than the architecture's standard one.
    pub allow_any_loader: bool,
}

impl Requirements {
    /// Requires an architecture, and allows nothing unusual.
    #[must_use]
    pub fn strict(arch: Arch) -> Self {
        Self {
            arch,
            libc: None,
            glibc_floor: None,
            allow_rpath: false,
            allow_exec_stack: false,
            allow_any_loader: false,
        }
    }
}

/// A C library as variants name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LibcKind {
    /// The executable must not need one.
    Static,
    /// The executable must run with glibc; a static one does.
    Glibc,
    /// The executable must run with musl; a static one does.
    Musl,
}

impl fmt::Display for LibcKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Static => "none (static)",
            Self::Glibc => "glibc",
            Self::Musl => "musl",
        })
    }
}

/// One way in which an executable does not meet the requirements. `Display` gives the sentence; text from the file is
/// escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum Violation {
    /// Built for another processor.
    #[error("it is for {}, expected {expected}", Processor(*machine, *class, *endian))]
    Arch {
        machine: Machine,
        class: Class,
        endian: Endian,
        expected: Arch,
    },
    /// Built for another operating system than Linux.
    #[error("its OS ABI is {found}, expected 0 (System V) or 3 (Linux)")]
    Os { found: u8 },
    /// Needs another C library.
    #[error("its C library is {found}, expected {expected}")]
    Libc { found: String, expected: LibcKind },
    /// Needs a newer glibc.
    #[error("it needs glibc {found}, expected at most {floor}")]
    Glibc {
        found: GlibcVersion,
        floor: GlibcVersion,
    },
    /// Needs a dynamic linker that other machines do not have.
    #[error("its dynamic linker is `{found}`, expected `{expected}`")]
    Loader {
        found: String,
        expected: &'static str,
    },
    /// Has a library search path.
    #[error("it looks for libraries in `{path}` ({tag})")]
    Rpath { tag: &'static str, path: String },
    /// Has an executable stack.
    #[error("its stack is executable{}", if *unmarked { ": it has no `PT_GNU_STACK` header" } else { "" })]
    Stack { unmarked: bool },
    /// Runs as another user (setuid or setgid).
    #[error("its mode {mode:#o} has a setuid, setgid or sticky bit")]
    SetUid { mode: u32 },
}

impl Violation {
    /// Every code that [`Violation::code`] returns.
    pub const CODES: &'static [&'static str] = &[
        "executable.arch",
        "executable.os",
        "executable.libc",
        "executable.glibc",
        "executable.loader",
        "executable.rpath",
        "executable.stack",
        "executable.setuid",
    ];

    /// Returns the stable code of this violation.
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
            Self::Arch { .. } => (
                "executable.arch",
                "Check the target of the build, and whether two variants were mixed up.",
            ),
            Self::Os { .. } => ("executable.os", "Build this variant for Linux."),
            Self::Libc { .. } => (
                "executable.libc",
                "Build with the variant's own toolchain, or change the variant's libc.",
            ),
            Self::Glibc { .. } => (
                "executable.glibc",
                "Build on an older system, or raise the variant's glibc floor.",
            ),
            Self::Loader { .. } => (
                "executable.loader",
                "Link it with the standard dynamic linker; `patchelf --set-interpreter` can fix it.",
            ),
            Self::Rpath { .. } => (
                "executable.rpath",
                "Link without `-rpath`, or allow it for this variant.",
            ),
            Self::Stack { .. } => (
                "executable.stack",
                "Link with `-z noexecstack`, or allow it for this variant.",
            ),
            Self::SetUid { .. } => (
                "executable.setuid",
                "Remove the setuid, setgid and sticky bits from the file.",
            ),
        }
    }
}

/// Returns all the ways in which an executable does not meet `wanted`. `mode` is the file's Unix mode, if known.
#[must_use]
pub fn check(facts: &Facts, wanted: &Requirements, mode: Option<u32>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let arch = wanted.arch.traits();
    let is_arch = facts.arch() == Some(wanted.arch);
    if !is_arch {
        violations.push(Violation::Arch {
            machine: facts.machine,
            class: facts.class,
            endian: facts.endian,
            expected: wanted.arch,
        });
    }
    // ELFOSABI_NONE and ELFOSABI_GNU (gABI ch. 4).
    if !matches!(facts.os_abi, 0 | 3) {
        violations.push(Violation::Os {
            found: facts.os_abi,
        });
    }
    let libc = facts.libc();
    violations.extend(wanted.libc.and_then(|wanted| wrong_libc(&libc, wanted)));
    let standard = match libc {
        Libc::Glibc { .. } => arch.glibc,
        Libc::Musl => arch.musl,
        Libc::Static | Libc::Other { .. } => &[],
    };
    // Another architecture has another loader: report it only once.
    if let (Some(found), Some(expected)) = (&facts.interpreter, standard.first())
        && is_arch
        && !wanted.allow_any_loader
        && !standard.contains(&found.as_str())
    {
        violations.push(Violation::Loader {
            found: shown(found.as_bytes()),
            expected,
        });
    }
    if let (Some(found), Some(floor)) = (facts.glibc, wanted.glibc_floor)
        && found > floor
    {
        violations.push(Violation::Glibc { found, floor });
    }
    if !wanted.allow_rpath {
        let paths = [("RPATH", &facts.rpath), ("RUNPATH", &facts.runpath)];
        violations.extend(paths.into_iter().filter_map(|(tag, path)| {
            let path = shown(path.as_ref()?.as_bytes());
            Some(Violation::Rpath { tag, path })
        }));
    }
    if facts.exec_stack() && !wanted.allow_exec_stack {
        violations.push(Violation::Stack {
            unmarked: facts.stack == super::facts::Stack::Unmarked,
        });
    }
    if let Some(mode) = mode.filter(|mode| mode & 0o7000 != 0) {
        violations.push(Violation::SetUid { mode });
    }
    violations
}

fn wrong_libc(found: &Libc, expected: LibcKind) -> Option<Violation> {
    let found = match (found, expected) {
        (Libc::Static, _)
        | (Libc::Glibc { .. }, LibcKind::Glibc)
        | (Libc::Musl, LibcKind::Musl) => return None,
        (Libc::Glibc { .. }, _) => "glibc".to_owned(),
        (Libc::Musl, _) => "musl".to_owned(),
        (Libc::Other { interpreter }, _) => format!("`{}`'s", shown(interpreter.as_bytes())),
    };
    Some(Violation::Libc { found, expected })
}

/// An architecture, supported or not, for display.
struct Processor(Machine, Class, Endian);

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(machine, class, endian) = *self;
        if let Some(arch) = Arch::of(machine, class, endian) {
            return arch.fmt(f);
        }
        let class = match class {
            Class::Bits32 => "32-bit",
            Class::Bits64 => "64-bit",
        };
        let endian = match endian {
            Endian::Little => "little",
            Endian::Big => "big",
        };
        write!(f, "{class} {endian}-endian {machine:?}")
    }
}
