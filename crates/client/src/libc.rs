//! Which C libraries a machine has: the loader that its own executables ask for, and the places where musl's loader and
//! the GNU C library usually lie; and how a version is read.
//!
//! Does not know what the answer is good for.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::interpreter::{self, Kind, kind_of};
use crate::variant::GlibcVersion;

/// No C library is larger, in bytes.
const LARGEST_LIBC: u64 = 16 << 20;

/// The C libraries of a machine: none, one or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostLibc {
    /// The GNU C library's version, if it is here.
    pub glibc: Option<GlibcVersion>,
    /// Whether musl's loader is here.
    pub musl: bool,
}

impl HostLibc {
    /// Those of an architecture on a Linux machine whose files lie under `root`.
    pub(crate) fn under(root: &Path, arch: &str) -> Self {
        let layout = LAYOUTS.iter().find(|layout| layout.arch == arch);
        layout.map_or_else(Self::default, |layout| {
            let loader = interpreter::of_system(root, layout.elf);
            Self {
                glibc: glibc(root, layout, loader.as_deref()),
                musl: musl(root, layout, loader.as_deref()),
            }
        })
    }
}

/// What an ELF file of an architecture says, and where its libraries lie.
struct Layout {
    arch: &'static str,
    elf: Kind,
    /// Debian's directory for it.
    multiarch: &'static str,
    /// Its name in musl's loader.
    musl: &'static str,
}

const fn layout(
    arch: &'static str,
    elf: Kind,
    multiarch: &'static str,
    musl: &'static str,
) -> Layout {
    Layout {
        arch,
        elf,
        multiarch,
        musl,
    }
}

const LAYOUTS: &[Layout] = &[
    layout("amd64", (2, 1, 62), "x86_64-linux-gnu", "x86_64"),
    layout("arm64", (2, 1, 183), "aarch64-linux-gnu", "aarch64"),
    layout("386", (1, 1, 3), "i386-linux-gnu", "i386"),
    layout("arm", (1, 1, 40), "arm-linux-gnueabihf", "armhf"),
    layout("riscv64", (2, 1, 243), "riscv64-linux-gnu", "riscv64"),
    layout(
        "ppc64le",
        (2, 1, 21),
        "powerpc64le-linux-gnu",
        "powerpc64le",
    ),
    layout("s390x", (2, 2, 22), "s390x-linux-gnu", "s390x"),
];

fn musl(root: &Path, layout: &Layout, loader: Option<&Path>) -> bool {
    let name = format!("ld-musl-{}.so.1", layout.musl);
    let own = loader.and_then(Path::file_name) == Some(name.as_ref());
    own || ["lib", "usr/lib"]
        .iter()
        .any(|directory| fs::symlink_metadata(root.join(directory).join(&name)).is_ok())
}

fn glibc(root: &Path, layout: &Layout, loader: Option<&Path>) -> Option<GlibcVersion> {
    // The library that the system's own executables use lies beside their loader, or where the loader links to.
    let real = loader.and_then(|loader| fs::canonicalize(loader).ok());
    let beside = [real.as_deref(), loader];
    let own = beside.into_iter().flatten().filter_map(Path::parent);
    own.map(Path::to_owned)
        .chain(usual(root, layout))
        .find_map(|place| version_of(&place.join("libc.so.6"), layout))
}

fn usual(root: &Path, layout: &Layout) -> impl Iterator<Item = PathBuf> {
    let multiarch = layout.multiarch;
    let places = [
        format!("lib/{multiarch}"),
        format!("usr/lib/{multiarch}"),
        "lib64".to_owned(),
        "usr/lib64".to_owned(),
        "lib".to_owned(),
        "usr/lib".to_owned(),
    ];
    places.map(|place| root.join(place)).into_iter()
}

/// The version of a `libc.so.6`, if it is one of that architecture.
fn version_of(libc: &Path, layout: &Layout) -> Option<GlibcVersion> {
    if !fs::metadata(libc).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(libc)
        .ok()?
        .take(LARGEST_LIBC)
        .read_to_end(&mut bytes)
        .ok()?;
    if kind_of(&bytes)? != layout.elf {
        return None;
    }
    // Before glibc 2.34 it was a link to `libc-2.31.so`.
    let linked = fs::read_link(libc)
        .ok()
        .and_then(|target| from_file_name(target.file_name()?.to_str()?));
    linked.or_else(|| from_banner(&bytes))
}

fn from_file_name(name: &str) -> Option<GlibcVersion> {
    version(name.strip_prefix("libc-")?.strip_suffix(".so")?.as_bytes())
}

// What the library prints about itself: "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36."
fn from_banner(bytes: &[u8]) -> Option<GlibcVersion> {
    let at = find(bytes, b"GNU C Library ")?;
    let banner = &bytes[at..bytes.len().min(at + 200)];
    let key = b"release version ";
    version(&banner[find(banner, key)? + key.len()..])
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

/// Reads `2.36` and ignores what follows.
fn version(text: &[u8]) -> Option<GlibcVersion> {
    let number = |bytes: &[u8]| -> Option<(u32, usize)> {
        let digits = bytes
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        Some((str::from_utf8(&bytes[..digits]).ok()?.parse().ok()?, digits))
    };
    let (major, end) = number(text)?;
    let (minor, _) = number(text[end..].strip_prefix(b".")?)?;
    Some(GlibcVersion { major, minor })
}
