//! What this machine is: operating system, architecture, C libraries. Nothing is run to find out.
//!
//! Works on any directory tree, so that it can be tested. Does not know which variants there are.

use std::fmt;
use std::path::Path;

use crate::libc::HostLibc;

/// What an executable must be made for to run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPlatform {
    /// In Rust's names: `linux`, `macos`, `windows`.
    pub os: String,
    /// In the names that Go and Docker use: `amd64`, `arm64`, `386`, `arm`, `riscv64`, `ppc64le`, `s390x`; another
    /// architecture in Rust's name.
    pub arch: String,
    /// The C libraries that are here.
    pub libc: HostLibc,
}

impl HostPlatform {
    /// This machine.
    pub fn detect() -> Self {
        let arch = arch_name(std::env::consts::ARCH, cfg!(target_endian = "little"));
        Self::of(Path::new("/"), std::env::consts::OS, arch)
    }

    /// A machine of that operating system and architecture whose files lie under `root`.
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

    #[test]
    fn the_layouts_of_the_distributions_are_known() {
        let debian = [(
            "usr/lib/x86_64-linux-gnu/libc.so.6",
            elf(AMD64, &banner("2.36")),
        )];
        let fedora = [
            ("lib/libc.so.6", elf(I386, &banner("2.40"))),
            ("lib64/libc.so.6", elf(AMD64, &banner("2.40"))),
        ];
        let s390x = [(
            "lib/s390x-linux-gnu/libc.so.6",
            elf((2, 2, 22), &banner("2.28")),
        )];
        let alpine = [("lib/ld-musl-x86_64.so.1", Vec::new())];
        assert_eq!(
            libc_of(&debian, "amd64"),
            HostLibc {
                glibc: V(36),
                musl: false
            }
        );
        assert_eq!(
            libc_of(&fedora, "amd64"),
            HostLibc {
                glibc: V(40),
                musl: false
            }
        );
        assert_eq!(
            libc_of(&fedora, "386"),
            HostLibc {
                glibc: V(40),
                musl: false
            }
        );
        assert_eq!(
            libc_of(&s390x, "s390x"),
            HostLibc {
                glibc: V(28),
                musl: false
            }
        );
        assert_eq!(
            libc_of(&alpine, "amd64"),
            HostLibc {
                glibc: None,
                musl: true
            }
        );
        let both = [debian.as_slice(), alpine.as_slice()].concat();
        assert_eq!(
            libc_of(&both, "amd64"),
            HostLibc {
                glibc: V(36),
                musl: true
            }
        );
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
    fn what_the_systems_own_executables_ask_for_is_believed_wherever_it_lies() {
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
        let glibc = libc_of(&nix, "amd64");
        assert_eq!((glibc.glibc, glibc.musl), (V(38), false));
        let musl = [("usr/bin/env", executable("/opt/ld-musl-x86_64.so.1"))];
        let found = libc_of(&musl, "amd64");
        assert_eq!((found.glibc, found.musl), (None, true));
        // The shell is of another architecture: it says nothing about ours.
        assert_eq!(libc_of(&nix, "arm64"), HostLibc::default());
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
        assert!(
            !here.arch.is_empty() && here.arch != "x86_64" && here.arch != "aarch64",
            "{here}"
        );
    }
}
