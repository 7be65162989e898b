//! The C libraries of a machine: which library is installed, and whether the loader that executables name exists.
//!
//! The library and the loader are independent. NixOS and Guix have the GNU C library in a store of their own and
//! nothing at `/lib64/ld-linux-x86-64.so.2`, so an executable from elsewhere does not start there. Does not choose
//! variants.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::interpreter::{self, Kind, kind_of};
use crate::variant::GlibcVersion;

/// The largest C library that is read, in bytes.
const LARGEST_LIBC: u64 = 16 << 20;

/// The largest loader that is read, in bytes.
const LARGEST_LOADER: u64 = 4 << 20;

/// The message that NixOS's stub prints before it exits with 127.
const STUB: &[u8] = b"Could not start dynamically linked executable";

/// The C libraries of a machine: none, one or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostLibc {
    /// The GNU C library's version, if it is installed.
    pub glibc: Option<GlibcVersion>,
    /// The state of the loader that executables for the GNU C library name.
    pub loader: GlibcLoader,
    /// Whether musl's loader is at the path that executables name.
    pub musl: bool,
}

/// What is at the path of the GNU C library's loader, such as `/lib64/ld-linux-x86-64.so.2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GlibcLoader {
    /// Nothing, or not an executable for this architecture.
    #[default]
    Missing,
    /// The stub of NixOS, which only prints an error.
    Stub,
    /// A loader, or a replacement that works, such as nix-ld.
    Present,
}

/// Returns the path of the GNU C library's loader, as executables for an architecture name it.
pub(crate) fn loader_path(arch: &str) -> Option<&'static str> {
    let layout = LAYOUTS.iter().find(|layout| layout.arch == arch)?;
    Some(layout.loader)
}

impl HostLibc {
    /// Finds the C libraries for an architecture on a Linux machine whose files are below `root`.
    pub(crate) fn under(root: &Path, arch: &str) -> Self {
        let layout = LAYOUTS.iter().find(|layout| layout.arch == arch);
        layout.map_or_else(Self::default, |layout| {
            let own = interpreter::of_system(root, layout.elf);
            Self {
                glibc: glibc(root, layout, own.as_deref()),
                loader: loader(root, layout),
                musl: musl(root, layout),
            }
        })
    }
}

/// How an architecture's ELF files and library directories look.
struct Layout {
    arch: &'static str,
    elf: Kind,
    /// The loader that its executables for the GNU C library name.
    loader: &'static str,
    /// Debian's directory for it.
    multiarch: &'static str,
    /// Its name in musl's loader.
    musl: &'static str,
}

const fn layout(
    arch: &'static str,
    elf: Kind,
    loader: &'static str,
    multiarch: &'static str,
    musl: &'static str,
) -> Layout {
    Layout {
        arch,
        elf,
        loader,
        multiarch,
        musl,
    }
}

#[rustfmt::skip]
const LAYOUTS: &[Layout] = &[
    layout("amd64", (2, 1, 62), "/lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu", "x86_64"),
    layout("arm64", (2, 1, 183), "/lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu", "aarch64"),
    layout("386", (1, 1, 3), "/lib/ld-linux.so.2", "i386-linux-gnu", "i386"),
    layout("arm", (1, 1, 40), "/lib/ld-linux-armhf.so.3", "arm-linux-gnueabihf", "armhf"),
    layout("riscv64", (2, 1, 243), "/lib/ld-linux-riscv64-lp64d.so.1", "riscv64-linux-gnu", "riscv64"),
    layout("ppc64le", (2, 1, 21), "/lib64/ld64.so.2", "powerpc64le-linux-gnu", "powerpc64le"),
    layout("s390x", (2, 2, 22), "/lib/ld64.so.1", "s390x-linux-gnu", "s390x"),
];

fn musl(root: &Path, layout: &Layout) -> bool {
    let path = format!("/lib/ld-musl-{}.so.1", layout.musl);
    follow(root, &path).is_some_and(|found| found.is_file())
}

fn loader(root: &Path, layout: &Layout) -> GlibcLoader {
    let bytes = follow(root, layout.loader).and_then(|path| head(&path, LARGEST_LOADER));
    match bytes {
        Some(bytes) if kind_of(&bytes) != Some(layout.elf) => GlibcLoader::Missing,
        Some(bytes) if find(&bytes, STUB).is_some() => GlibcLoader::Stub,
        Some(_) => GlibcLoader::Present,
        None => GlibcLoader::Missing,
    }
}

/// Follows the links of a path below `root`; absolute targets are below `root` too.
fn follow(root: &Path, path: &str) -> Option<PathBuf> {
    const MOST_LINKS: usize = 8;
    let below = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    let mut path = below(Path::new(path));
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else {
            return Some(path);
        };
        path = match target.is_absolute() {
            true => below(&target),
            false => path.parent()?.join(target),
        };
    }
    None
}

/// Reads the beginning of a plain file.
fn head(path: &Path, most: u64) -> Option<Vec<u8>> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn glibc(root: &Path, layout: &Layout, loader: Option<&Path>) -> Option<GlibcVersion> {
    // The library that the system's own executables use is next to their loader, or next to the loader's link target.
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

/// Returns the version of a `libc.so.6`, if it is for that architecture.
fn version_of(libc: &Path, layout: &Layout) -> Option<GlibcVersion> {
    let bytes = head(libc, LARGEST_LIBC)?;
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

// The library's own banner: "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36."
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
