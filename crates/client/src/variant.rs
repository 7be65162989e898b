//! Which of several variants fits a host. Pure: does not look at any machine.

use std::cmp::Reverse;
use std::fmt;

use crate::host::HostPlatform;

/// The architectures that a variant can have.
const ARCHES: [&str; 7] = [
    "amd64", "arm64", "386", "arm", "riscv64", "ppc64le", "s390x",
];

/// A version of the GNU C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlibcVersion {
    /// 2, in `2.36`.
    pub major: u32,
    /// 36, in `2.36`.
    pub minor: u32,
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What is known of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantInfo {
    /// Its name.
    pub name: String,
    /// The operating system, such as `linux`.
    pub os: String,
    /// The architecture, in the names that Go and Docker use, such as `amd64`.
    pub arch: String,
    /// The C library it needs, if that was said.
    pub libc: Option<VariantLibc>,
    /// The oldest glibc it runs with, if that was said.
    pub glibc_floor: Option<GlibcVersion>,
}

/// The C library that a variant needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariantLibc {
    /// The GNU C library.
    Glibc,
    /// musl.
    Musl,
    /// None.
    Static,
}

/// No variant fits the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("none of the variants ({}) fits this machine ({host})", .offered.join(", "))]
pub struct NoVariant {
    /// The host, in words.
    pub host: String,
    /// The names of the variants there are.
    pub offered: Vec<String>,
}

impl VariantInfo {
    /// What a name says, as in `lockgate.toml`: of its parts between hyphens the first that is an architecture, and the C
    /// library, if one is named.
    pub fn named(name: &str) -> Self {
        let parts: Vec<&str> = name.split('-').collect();
        let libcs = [
            ("glibc", VariantLibc::Glibc),
            ("musl", VariantLibc::Musl),
            ("static", VariantLibc::Static),
        ];
        let arch = parts.iter().find(|part| ARCHES.contains(part));
        Self {
            name: name.to_owned(),
            os: "linux".to_owned(),
            arch: arch.map_or_else(|| name.to_owned(), |arch| (*arch).to_owned()),
            libc: libcs
                .into_iter()
                .find(|(word, _)| parts.contains(word))
                .map(|(_, libc)| libc),
            glibc_floor: None,
        }
    }
}

impl NoVariant {
    /// Every code of this type.
    pub const CODES: &'static [&'static str] = &["fetch.no-variant"];

    /// The stable code of the reason.
    pub fn code(&self) -> &'static str {
        "fetch.no-variant"
    }

    /// What to do next, as one sentence.
    pub fn hint(&self) -> &'static str {
        "name a variant yourself if one runs here all the same; otherwise ask the maintainers for one"
    }
}

/// The variant that fits best.
///
/// Best first, and among equals the first in the list:
/// 1. one linked against the host's own C library: on glibc one whose floor the host reaches, the highest floor first,
///    one without a floor after them; then, where musl's loader is present, one for musl;
/// 2. a static one, which needs no C library;
/// 3. one that does not say what it needs;
/// 4. one for musl on a host without musl's loader: such executables are usually static, but nobody said so.
///
/// A variant of another operating system or architecture never fits, nor does one whose floor is above the host's glibc.
///
/// # Errors
/// [`NoVariant`] if none fits, or if there is none.
pub fn choose<'v>(
    host: &HostPlatform,
    variants: &'v [VariantInfo],
) -> Result<&'v VariantInfo, NoVariant> {
    let fitting = variants
        .iter()
        .filter_map(|variant| Some((rank(host, variant)?, variant)));
    fitting
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, variant)| variant)
        .ok_or_else(|| NoVariant {
            host: host.to_string(),
            offered: variants
                .iter()
                .map(|variant| variant.name.clone())
                .collect(),
        })
}

/// Smaller is better.
fn rank(host: &HostPlatform, variant: &VariantInfo) -> Option<(u8, Reverse<Option<GlibcVersion>>)> {
    if variant.os != host.os || variant.arch != host.arch {
        return None;
    }
    let plain = |rank| Some((rank, Reverse(None)));
    // Elsewhere there is one C library, the system's.
    if host.os != "linux" {
        return plain(0);
    }
    match (variant.libc, variant.glibc_floor) {
        (Some(VariantLibc::Glibc) | None, Some(floor)) => host
            .libc
            .glibc
            .filter(|version| *version >= floor)
            .map(|_| (0, Reverse(Some(floor)))),
        (Some(VariantLibc::Glibc), None) => host.libc.glibc.and(plain(0)),
        (Some(VariantLibc::Musl), _) => plain(if host.libc.musl { 1 } else { 4 }),
        (Some(VariantLibc::Static), _) => plain(2),
        (None, None) => plain(3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libc::HostLibc;

    const V: fn(u32) -> GlibcVersion = |minor| GlibcVersion { major: 2, minor };

    fn host(glibc: Option<u32>, musl: bool) -> HostPlatform {
        HostPlatform {
            os: "linux".to_owned(),
            arch: "amd64".to_owned(),
            libc: HostLibc {
                glibc: glibc.map(V),
                musl,
            },
        }
    }

    fn variant(text: &str) -> VariantInfo {
        let mut parts = text.split('-');
        let arch = parts.next().unwrap().to_owned();
        let libc = match parts.next() {
            Some("glibc") => Some(VariantLibc::Glibc),
            Some("musl") => Some(VariantLibc::Musl),
            Some("static") => Some(VariantLibc::Static),
            _ => None,
        };
        let glibc_floor = parts.next().map(|minor| V(minor.parse().unwrap()));
        VariantInfo {
            name: text.to_owned(),
            os: "linux".to_owned(),
            arch,
            libc,
            glibc_floor,
        }
    }

    #[test]
    fn a_name_says_what_a_variant_is_for() {
        use VariantLibc::{Glibc, Musl, Static};
        for (name, arch, libc) in [
            ("amd64", "amd64", None),
            ("arm64-musl", "arm64", Some(Musl)),
            ("linux-386-static", "386", Some(Static)),
            ("glibc-s390x", "s390x", Some(Glibc)),
            ("mine", "mine", None),
        ] {
            let info = VariantInfo::named(name);
            assert_eq!((info.arch.as_str(), info.libc), (arch, libc), "{name}");
            assert_eq!((info.name.as_str(), info.os.as_str()), (name, "linux"));
        }
    }

    #[test]
    fn the_best_variant_is_chosen_whatever_the_order_of_the_list() {
        let all = [
            "amd64-musl",
            "amd64",
            "amd64-static",
            "amd64-glibc",
            "amd64-glibc-17",
            "amd64-glibc-31",
            "arm64-glibc-17",
        ];
        let few = ["amd64-musl", "amd64", "amd64-glibc-31"];
        let table: &[(HostPlatform, &[&str], Option<&str>)] = &[
            (host(Some(36), false), &all, Some("amd64-glibc-31")),
            (host(Some(31), true), &all, Some("amd64-glibc-31")),
            (host(Some(30), true), &all, Some("amd64-glibc-17")),
            (host(Some(16), false), &all, Some("amd64-glibc")),
            (host(None, true), &all, Some("amd64-musl")),
            (host(None, false), &all, Some("amd64-static")),
            (host(Some(30), false), &few, Some("amd64")),
            (host(Some(30), true), &few, Some("amd64-musl")),
            (
                host(Some(30), false),
                &["amd64-musl", "amd64-glibc-31"],
                Some("amd64-musl"),
            ),
            (
                host(Some(30), false),
                &["amd64-glibc-31", "arm64-static"],
                None,
            ),
            (host(Some(30), false), &["amd64--31"], None),
            (host(Some(36), false), &[], None),
        ];
        for (host, names, expected) in table {
            let forward: Vec<_> = names.iter().map(|name| variant(name)).collect();
            let backward: Vec<_> = forward.iter().rev().cloned().collect();
            for list in [forward, backward] {
                let chosen = choose(host, &list).ok().map(|chosen| chosen.name.as_str());
                assert_eq!(chosen, *expected, "{host} of {names:?}");
            }
        }
    }

    #[test]
    fn where_nothing_fits_it_says_what_there_is() {
        let error = choose(&host(Some(17), false), &[variant("arm64-static")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "none of the variants (arm64-static) fits this machine (linux, amd64, glibc 2.17)"
        );
    }
}
