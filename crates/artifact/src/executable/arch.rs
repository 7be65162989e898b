//! The architectures that variants can name, and what an ELF header contains for each.
//!
//! The names are those of Go and Docker. This module does not know which of them a project builds.

use std::{fmt, str::FromStr};

use super::facts::{Class, Endian, Machine};
use crate::foreign::shown;

/// A processor architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Arch {
    /// 64-bit x86.
    Amd64,
    /// 64-bit Arm.
    Arm64,
    /// 32-bit x86.
    I386,
    /// 32-bit Arm.
    Arm,
    /// 64-bit RISC-V.
    Riscv64,
    /// 64-bit POWER, little-endian.
    Ppc64le,
    /// 64-bit IBM Z.
    S390x,
}

/// The ELF header values and dynamic linker paths of an [`Arch`].
pub(super) struct Traits {
    pub(super) name: &'static str,
    pub(super) machine: Machine,
    pub(super) class: Class,
    pub(super) endian: Endian,
    /// The standard paths of the GNU dynamic linker, from the psABIs and glibc's `shlib-versions`.
    pub(super) glibc: &'static [&'static str],
    /// The standard paths of musl's dynamic linker.
    pub(super) musl: &'static [&'static str],
}

impl Arch {
    /// All architectures.
    pub const ALL: [Self; 7] = [
        Self::Amd64,
        Self::Arm64,
        Self::I386,
        Self::Arm,
        Self::Riscv64,
        Self::Ppc64le,
        Self::S390x,
    ];

    /// Returns the name that Go and Docker use, e.g. `amd64`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.traits().name
    }

    pub(super) fn traits(self) -> Traits {
        use Class::{Bits32, Bits64};
        use Endian::{Big, Little};
        let (name, machine, class, endian, glibc, musl): (_, _, _, _, &[_], &[_]) = match self {
            Self::Amd64 => (
                "amd64",
                Machine::X86_64,
                Bits64,
                Little,
                &["/lib64/ld-linux-x86-64.so.2"],
                &["/lib/ld-musl-x86_64.so.1"],
            ),
            Self::Arm64 => (
                "arm64",
                Machine::Aarch64,
                Bits64,
                Little,
                &["/lib/ld-linux-aarch64.so.1"],
                &["/lib/ld-musl-aarch64.so.1"],
            ),
            Self::I386 => (
                "386",
                Machine::I386,
                Bits32,
                Little,
                &["/lib/ld-linux.so.2"],
                &["/lib/ld-musl-i386.so.1"],
            ),
            Self::Arm => (
                "arm",
                Machine::Arm,
                Bits32,
                Little,
                &["/lib/ld-linux-armhf.so.3", "/lib/ld-linux.so.3"],
                &["/lib/ld-musl-armhf.so.1", "/lib/ld-musl-arm.so.1"],
            ),
            Self::Riscv64 => (
                "riscv64",
                Machine::Riscv,
                Bits64,
                Little,
                &["/lib/ld-linux-riscv64-lp64d.so.1"],
                &["/lib/ld-musl-riscv64.so.1"],
            ),
            Self::Ppc64le => (
                "ppc64le",
                Machine::Ppc64,
                Bits64,
                Little,
                &["/lib64/ld64.so.2"],
                &["/lib/ld-musl-powerpc64le.so.1"],
            ),
            Self::S390x => (
                "s390x",
                Machine::S390,
                Bits64,
                Big,
                &["/lib/ld64.so.1"],
                &["/lib/ld-musl-s390x.so.1"],
            ),
        };
        Traits {
            name,
            machine,
            class,
            endian,
            glibc,
            musl,
        }
    }

    /// Returns the architecture that a header names, if it is supported.
    pub(super) fn of(machine: Machine, class: Class, endian: Endian) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| {
            let traits = arch.traits();
            (traits.machine, traits.class, traits.endian) == (machine, class, endian)
        })
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is not an [`Arch`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no known architecture; known are amd64, arm64, 386, arm, riscv64, ppc64le and s390x"
)]
pub struct UnknownArch(String);

impl FromStr for Arch {
    type Err = UnknownArch;

    /// Accepts the names of [`Arch::as_str`], and the compilers' names `x86_64` and `aarch64`.
    fn from_str(name: &str) -> Result<Self, UnknownArch> {
        match name {
            "x86_64" => Ok(Self::Amd64),
            "aarch64" => Ok(Self::Arm64),
            name => Self::ALL
                .into_iter()
                .find(|arch| arch.as_str() == name)
                .ok_or_else(|| UnknownArch(shown(name.as_bytes()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_every_name_it_gives() {
        for arch in Arch::ALL {
            assert_eq!(arch.to_string().parse(), Ok(arch));
        }
        assert_eq!("x86_64".parse(), Ok(Arch::Amd64));
        assert_eq!("aarch64".parse(), Ok(Arch::Arm64));
        assert!("AMD64".parse::<Arch>().is_err());
        assert!("".parse::<Arch>().is_err());
    }
}
