//! Chooses the variant that fits a host. Pure: does not access the machine.

use std::cmp::Reverse;
use std::fmt;

use crate::host::HostPlatform;
use crate::libc::GlibcLoader;

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

/// The properties of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantInfo {
    /// Its name.
    pub name: String,
    /// The operating system, such as `linux`.
    pub os: String,
    /// The architecture, in the names that Go and Docker use, such as `amd64`.
    pub arch: String,
    /// The C library it needs, if known.
    pub libc: Option<VariantLibc>,
    /// The oldest glibc it runs with, if known.
    pub glibc_floor: Option<GlibcVersion>,
}

/// The C library that a variant needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariantLibc {
    /// The GNU C library.
    Glibc,
    /// musl.
    Musl,
    /// No C library.
    Static,
}

/// Why no variant was chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariantError {
    /// No variant fits the machine.
    #[error("none of the variants ({}) fits this machine ({host})", .offered.join(", "))]
    NoneFits {
        /// The machine, as text.
        host: String,
        /// The names of the available variants.
        offered: Vec<String>,
        /// Whether one would fit if the loader of the GNU C library were at its path.
        needs_loader: bool,
    },
    /// Several fit equally well: they differ in their names only.
    #[error("the variants {} fit this machine equally well", .names.join(" and "))]
    Ambiguous {
        /// Their names.
        names: Vec<String>,
    },
}

impl VariantInfo {
    /// Derives the properties from a name, as in `lockgate.toml`: the first of its hyphen-separated parts that is an
    /// architecture, and the C library, if one is named.
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

impl VariantError {
    /// Every code of this type.
    pub const CODES: &'static [&'static str] = &["fetch.no-variant", "fetch.ambiguous-variant"];

    /// Returns the stable code of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoneFits { .. } => "fetch.no-variant",
            Self::Ambiguous { .. } => "fetch.ambiguous-variant",
        }
    }

    /// Returns what to do next, as one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoneFits {
                needs_loader: false,
                ..
            } => {
                "choose a variant with `--variant NAME` if one runs here anyway; otherwise ask the maintainers for one"
            }
            Self::NoneFits {
                needs_loader: true, ..
            } => {
                "install the loader (on NixOS: `programs.nix-ld.enable = true`), or ask the maintainers for a static variant; `--variant NAME` uses one anyway"
            }
            Self::Ambiguous { .. } => {
                "choose one of them with `--variant NAME`; their names do not show what else they need"
            }
        }
    }
}

/// Chooses the variant that fits best; the order of the list does not matter.
///
/// Best first:
/// 1. one for glibc, where the host has glibc *and* its loader: the highest floor that the host reaches first, one
///    without a floor after them;
/// 2. one for musl, where musl's loader is present;
/// 3. a static one, which needs no C library;
/// 4. one whose C library is not known, where glibc's loader is present;
/// 5. one for musl on a host without musl's loader: such executables are usually static, but the name does not show it;
/// 6. one whose C library is not known, on a host without glibc's loader: most such executables need it.
///
/// A variant for another operating system or architecture never fits, nor does one whose floor is above the host's
/// glibc.
///
/// # Errors
/// [`VariantError`] if none fits, or if several fit equally well.
pub fn choose<'v>(
    host: &HostPlatform,
    variants: &'v [VariantInfo],
) -> Result<&'v VariantInfo, VariantError> {
    let best = variants.iter().filter_map(|one| rank(host, one)).min();
    let mut of_best = variants
        .iter()
        .filter(|one| best.is_some() && rank(host, one) == best);
    let Some(chosen) = of_best.next() else {
        return Err(none_fits(host, variants));
    };
    let mut names: Vec<String> = of_best
        .map(|other| other.name.clone())
        .filter(|name| *name != chosen.name)
        .collect();
    if names.is_empty() {
        return Ok(chosen);
    }
    names.push(chosen.name.clone());
    names.sort();
    Err(VariantError::Ambiguous { names })
}

fn none_fits(host: &HostPlatform, variants: &[VariantInfo]) -> VariantError {
    let mut with_loader = host.clone();
    with_loader.libc.loader = GlibcLoader::Present;
    VariantError::NoneFits {
        host: host.to_string(),
        offered: variants.iter().map(|one| one.name.clone()).collect(),
        needs_loader: variants.iter().any(|one| rank(&with_loader, one).is_some()),
    }
}

/// Ranks a variant; smaller is better.
fn rank(host: &HostPlatform, variant: &VariantInfo) -> Option<(u8, Reverse<Option<GlibcVersion>>)> {
    if variant.os != host.os || variant.arch != host.arch {
        return None;
    }
    let plain = |rank| Some((rank, Reverse(None)));
    // Other systems have one C library, their own.
    if host.os != "linux" {
        return plain(0);
    }
    let loader = host.libc.loader == GlibcLoader::Present;
    let glibc = host.libc.glibc.filter(|_| loader);
    match (variant.libc, variant.glibc_floor) {
        (Some(VariantLibc::Glibc) | None, Some(floor)) => glibc
            .filter(|version| *version >= floor)
            .map(|_| (0, Reverse(Some(floor)))),
        (Some(VariantLibc::Glibc), None) => glibc.and(plain(0)),
        (Some(VariantLibc::Musl), _) => plain(if host.libc.musl { 1 } else { 4 }),
        (Some(VariantLibc::Static), _) => plain(2),
        (None, None) => plain(if loader { 3 } else { 5 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libc::HostLibc;

    const V: fn(u32) -> GlibcVersion = |minor| GlibcVersion { major: 2, minor };

    fn host(glibc: Option<u32>, musl: bool) -> HostPlatform {
        let loader = match glibc {
            Some(_) => GlibcLoader::Present,
            None => GlibcLoader::Missing,
        };
        HostPlatform {
            os: "linux".to_owned(),
            arch: "amd64".to_owned(),
            libc: HostLibc {
                glibc: glibc.map(V),
                loader,
                musl,
            },
        }
    }

    fn chosen<'v>(
        host: &HostPlatform,
        variants: &'v [VariantInfo],
    ) -> Result<&'v str, VariantError> {
        choose(host, variants).map(|chosen| chosen.name.as_str())
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

    /// Every set of variants, for every loader and library: what an executable needs is there, and nothing better is.
    #[test]
    fn a_glibc_variant_needs_the_library_and_its_loader() {
        use GlibcLoader::{Missing, Present, Stub};
        let names = ["amd64-glibc", "amd64-musl", "amd64-static", "amd64"];
        for loader in [Missing, Stub, Present] {
            for (glibc, musl) in [
                (Some(36), false),
                (Some(36), true),
                (None, true),
                (None, false),
            ] {
                let mut host = host(glibc, musl);
                host.libc.loader = loader;
                let starts = loader == Present;
                // Best first.
                let mut order = Vec::new();
                order.extend((starts && glibc.is_some()).then_some("amd64-glibc"));
                order.extend(musl.then_some("amd64-musl"));
                order.push("amd64-static");
                order.extend(starts.then_some("amd64"));
                order.extend((!musl).then_some("amd64-musl"));
                order.extend((!starts).then_some("amd64"));
                for set in 0_u8..16 {
                    let offered = names
                        .iter()
                        .enumerate()
                        .filter(|(at, _)| set >> at & 1 == 1);
                    let offered: Vec<_> = offered.map(|(_, name)| variant(name)).collect();
                    let has = |name: &&&str| offered.iter().any(|one| one.name == **name);
                    let expected = order.iter().find(has).copied();
                    let found = chosen(&host, &offered);
                    assert_eq!(
                        found.as_ref().ok().copied(),
                        expected,
                        "{host} of {offered:?}"
                    );
                    if let Err(error) = found {
                        let needs_loader = set == 1 && glibc.is_some() && !starts;
                        assert_eq!(error.code(), "fetch.no-variant");
                        assert_eq!(error.hint().contains("nix-ld"), needs_loader, "{error}");
                    }
                }
            }
        }
    }

    #[test]
    fn variants_that_differ_in_nothing_but_their_names_are_not_chosen_from() {
        let host = host(Some(36), false);
        let named = |names: &[&str]| -> Vec<_> {
            names.iter().map(|name| VariantInfo::named(name)).collect()
        };
        for (names, expected) in [
            (&["amd64-v3", "amd64"][..], Err("amd64 and amd64-v3")),
            (
                &["amd64", "amd64-v2", "amd64-v3"],
                Err("amd64 and amd64-v2 and amd64-v3"),
            ),
            (
                &["amd64-v3-static", "amd64-static"],
                Err("amd64-static and amd64-v3-static"),
            ),
            // Only the variants that would be chosen count.
            (&["amd64-v3", "amd64", "amd64-static"], Ok("amd64-static")),
            (&["arm64-v9", "arm64", "amd64"], Ok("amd64")),
            (&["amd64", "amd64"], Ok("amd64")),
        ] {
            let found = named(names);
            let found = chosen(&host, &found);
            match expected {
                Ok(name) => assert_eq!(found, Ok(name)),
                Err(list) => {
                    let error = found.unwrap_err();
                    assert_eq!(error.code(), "fetch.ambiguous-variant");
                    let text = format!("the variants {list} fit this machine equally well");
                    assert_eq!(error.to_string(), text);
                    assert!(error.hint().contains("--variant"));
                }
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
