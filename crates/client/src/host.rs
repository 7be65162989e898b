//! The properties of this machine: operating system, architecture, C libraries. Detection runs no program.
//!
//! Works on any directory tree, so that it can be tested. Does not know which variants exist.

use std::fmt;
use std::path::Path;

use crate::libc::{GlibcLoader, HostLibc, loader_path};

/// The platform that an executable must be built for to run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPlatform {
    /// The operating system, in Rust's names: `linux`, `macos`, `windows`.
    pub os: String,
    /// The architecture, in the names that Go and Docker use: `amd64`, `arm64`, `386`, `arm`, `riscv64`, `ppc64le`,
    /// `s390x`; another one in Rust's name.
    pub arch: String,
    /// The installed C libraries.
    pub libc: HostLibc,
}

impl HostPlatform {
    /// Detects the platform of this machine.
    pub fn detect() -> Self {
        let arch = arch_name(std::env::consts::ARCH, cfg!(target_endian = "little"));
        Self::of(Path::new("/"), std::env::consts::OS, arch)
    }

    /// Detects the platform of a machine with this operating system and architecture and its files below `root`.
    pub fn of(root: &Path, os: &str, arch: &str) -> Self {
        let libc = if os == "linux" {
            HostLibc::under(root, arch)
        } else {
            HostLibc::default()
        };
        Self {
            os: os.to_owned(),
            arch: arch.to_owned(),
            libc,
        }
    }
}

impl fmt::Display for HostPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.os, self.arch)?;
        if let Some(version) = self.libc.glibc {
            write!(f, ", glibc {version}")?;
            let loader = loader_path(&self.arch).unwrap_or_default();
            match self.libc.loader {
                GlibcLoader::Missing => write!(f, " without its loader {loader}")?,
                GlibcLoader::Stub => write!(f, " with a stub in place of its loader {loader}")?,
                GlibcLoader::Present => {}
            }
        }
        f.write_str(if self.libc.musl { ", musl" } else { "" })
    }
}

fn arch_name(rust: &'static str, little: bool) -> &'static str {
    match rust {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" if little => "ppc64le",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::GlibcVersion;
    use std::fs;
    use std::path::PathBuf;

    const V: fn(u32) -> Option<GlibcVersion> = |minor| Some(GlibcVersion { major: 2, minor });

    fn elf(elf: (u8, u8, u16), text: &str) -> Vec<u8> {
        let mut bytes = b"\x7fELF\0\0\x01\0\0\0\0\0\0\0\0\0\x03\0\0\0".to_vec();
        (bytes[4], bytes[5]) = (elf.0, elf.1);
        let machine = if elf.1 == 2 {
            elf.2.to_be_bytes()
        } else {
            elf.2.to_le_bytes()
        };
        bytes[18..20].copy_from_slice(&machine);
        bytes.resize(5000, 0);
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }

    fn banner(version: &str) -> String {
        format!("GNU C Library (Some GLIBC {version}-9) stable release version {version}.\n")
    }

    fn root(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let path: PathBuf = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        root
    }

    fn libc_of(files: &[(&str, Vec<u8>)], arch: &str) -> HostLibc {
        HostPlatform::of(root(files).path(), "linux", arch).libc
    }

    const AMD64: (u8, u8, u16) = (2, 1, 62);
    const I386: (u8, u8, u16) = (1, 1, 3);

    fn found(glibc: Option<GlibcVersion>, loader: GlibcLoader, musl: bool) -> HostLibc {
        HostLibc {
            glibc,
            loader,
            musl,
        }
    }

    #[test]
    fn the_layouts_of_the_distributions_are_known() {
        use GlibcLoader::{Missing, Present};
        let debian = [
            (
                "usr/lib/x86_64-linux-gnu/libc.so.6",
                elf(AMD64, &banner("2.36")),
            ),
            ("lib64/ld-linux-x86-64.so.2", elf(AMD64, "")),
        ];
        let fedora = [
            ("lib/libc.so.6", elf(I386, &banner("2.40"))),
            ("lib/ld-linux.so.2", elf(I386, "")),
            ("lib64/libc.so.6", elf(AMD64, &banner("2.40"))),
            ("lib64/ld-linux-x86-64.so.2", elf(AMD64, "")),
        ];
        let s390x = [
            (
                "lib/s390x-linux-gnu/libc.so.6",
                elf((2, 2, 22), &banner("2.28")),
            ),
            ("lib/ld64.so.1", elf((2, 2, 22), "")),
        ];
        let alpine = [("lib/ld-musl-x86_64.so.1", Vec::new())];
        let both = [debian.as_slice(), alpine.as_slice()].concat();
        for (files, arch, expected) in [
            (&debian[..], "amd64", found(V(36), Present, false)),
            (&fedora, "amd64", found(V(40), Present, false)),
            (&fedora, "386", found(V(40), Present, false)),
            (&s390x, "s390x", found(V(28), Present, false)),
            (&alpine, "amd64", found(None, Missing, true)),
            (&both, "amd64", found(V(36), Present, true)),
            // A library alone starts no executable, nor does a loader for another architecture or an empty one.
            (&debian[..1], "amd64", found(V(36), Missing, false)),
        ] {
            assert_eq!(libc_of(files, arch), expected, "{files:?} for {arch}");
        }
        for other in [elf(I386, ""), Vec::new()] {
            let files = [debian[0].clone(), ("lib64/ld-linux-x86-64.so.2", other)];
            assert_eq!(libc_of(&files, "amd64"), found(V(36), Missing, false));
        }
    }

    #[test]
    fn each_architecture_has_its_loader_at_its_own_path() {
        for (arch, kind, path) in [
            ("amd64", (2, 1, 62), "/lib64/ld-linux-x86-64.so.2"),
            ("arm64", (2, 1, 183), "/lib/ld-linux-aarch64.so.1"),
            ("386", (1, 1, 3), "/lib/ld-linux.so.2"),
            ("arm", (1, 1, 40), "/lib/ld-linux-armhf.so.3"),
            ("riscv64", (2, 1, 243), "/lib/ld-linux-riscv64-lp64d.so.1"),
            ("ppc64le", (2, 1, 21), "/lib64/ld64.so.2"),
            ("s390x", (2, 2, 22), "/lib/ld64.so.1"),
        ] {
            let files = [(&path[1..], elf(kind, ""))];
            assert_eq!(libc_of(&files, arch).loader, GlibcLoader::Present, "{arch}");
            assert_eq!(loader_path(arch), Some(path));
        }
    }

    #[test]
    fn libraries_of_another_architecture_or_none_do_not_count() {
        let other = [
            ("lib/libc.so.6", elf(I386, &banner("2.40"))),
            ("lib/ld-musl-aarch64.so.1", Vec::new()),
        ];
        assert_eq!(libc_of(&other, "amd64"), HostLibc::default());
        for strange in [
            Vec::new(),
            b"\x7fELF".to_vec(),
            elf(AMD64, ""),
            elf(AMD64, "GNU C Library (x) release version x"),
        ] {
            assert_eq!(
                libc_of(&[("lib64/libc.so.6", strange)], "amd64"),
                HostLibc::default()
            );
        }
        assert_eq!(
            libc_of(&[("lib64/libc.so.6/file", Vec::new())], "amd64"),
            HostLibc::default()
        );
        assert_eq!(libc_of(&[], "mips"), HostLibc::default());
        let macos = HostPlatform::of(root(&[]).path(), "macos", "arm64");
        assert_eq!(macos.to_string(), "macos, arm64");
    }

    #[test]
    fn a_library_in_a_store_is_found_but_its_loader_is_not_where_executables_name_it() {
        use crate::interpreter::tests::executable;
        let loader = "/nix/store/abc-glibc-2.38/lib/ld-linux-x86-64.so.2";
        let nix = [
            ("bin/sh", executable(loader)),
            (&loader[1..], elf(AMD64, "")),
            (
                "nix/store/abc-glibc-2.38/lib/libc.so.6",
                elf(AMD64, &banner("2.38")),
            ),
        ];
        let usual = "lib64/ld-linux-x86-64.so.2";
        let stub = "Could not start dynamically linked executable: %s\n";
        for (file, expected, words) in [
            (
                None,
                GlibcLoader::Missing,
                "linux, amd64, glibc 2.38 without its loader /lib64/ld-linux-x86-64.so.2",
            ),
            (
                Some(elf(AMD64, stub)),
                GlibcLoader::Stub,
                "linux, amd64, glibc 2.38 with a stub in place of its loader /lib64/ld-linux-x86-64.so.2",
            ),
            // nix-ld.
            (
                Some(elf(AMD64, "NIX_LD")),
                GlibcLoader::Present,
                "linux, amd64, glibc 2.38",
            ),
        ] {
            let file = file.map(|bytes| (usual, bytes));
            let files: Vec<_> = nix.iter().cloned().chain(file).collect();
            let host = HostPlatform::of(root(&files).path(), "linux", "amd64");
            assert_eq!(host.libc, found(V(38), expected, false));
            assert_eq!(host.to_string(), words);
        }
        // The shell is for another architecture, so it gives no information about this one.
        assert_eq!(libc_of(&nix, "arm64"), HostLibc::default());
        // musl's loader at another path than the one executables name starts none of them.
        let musl = [("opt/ld-musl-x86_64.so.1", elf(AMD64, ""))];
        let shell = ("usr/bin/env", executable("/opt/ld-musl-x86_64.so.1"));
        let files = [musl.as_slice(), &[shell]].concat();
        assert_eq!(libc_of(&files, "amd64"), HostLibc::default());
    }

    #[cfg(unix)]
    #[test]
    fn links_to_a_loader_are_followed_below_the_root() {
        for target in ["/usr/lib/ld-2.31.so", "../usr/lib/ld-2.31.so"] {
            let root = root(&[("usr/lib/ld-2.31.so", elf(AMD64, ""))]);
            let lib = root.path().join("lib64");
            fs::create_dir(&lib).unwrap();
            let link = lib.join("ld-linux-x86-64.so.2");
            std::os::unix::fs::symlink(target, &link).unwrap();
            let host = |root: &Path| HostPlatform::of(root, "linux", "amd64").libc.loader;
            assert_eq!(host(root.path()), GlibcLoader::Present);
            fs::remove_file(root.path().join("usr/lib/ld-2.31.so")).unwrap();
            assert_eq!(host(root.path()), GlibcLoader::Missing);
            fs::remove_file(&link).unwrap();
            std::os::unix::fs::symlink("ld-linux-x86-64.so.2", &link).unwrap();
            assert_eq!(host(root.path()), GlibcLoader::Missing, "a loop");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_older_libc_is_known_by_the_name_it_links_to() {
        let root = root(&[("lib/x86_64-linux-gnu/libc-2.31.so", elf(AMD64, "no banner"))]);
        std::os::unix::fs::symlink(
            "libc-2.31.so",
            root.path().join("lib/x86_64-linux-gnu/libc.so.6"),
        )
        .unwrap();
        assert_eq!(
            HostPlatform::of(root.path(), "linux", "amd64").libc.glibc,
            V(31)
        );
    }

    #[test]
    fn this_machine_is_something() {
        let here = HostPlatform::detect();
        // If the shell names glibc's loader by its path, it was started with it.
        let shell = std::env::consts::ARCH == "x86_64" && fs::exists("/bin/sh").unwrap();
        if shell && fs::exists("/lib64/ld-linux-x86-64.so.2").unwrap() {
            assert_eq!(here.libc.loader, GlibcLoader::Present, "{here}");
        }
        assert!(
            !here.arch.is_empty() && here.arch != "x86_64" && here.arch != "aarch64",
            "{here}"
        );
    }
}
