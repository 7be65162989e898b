//! Selects the variant: the one that was named, else the best for this machine by the config's table.

use lockgate_client::{GlibcVersion, HostPlatform, VariantInfo, VariantLibc};
use lockgate_core::config::{Libc, Os, Package, Variant};
use lockgate_core::escape::quoted;

use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};

/// Returns the variant of that name, or the one for this machine.
pub(super) fn variant<'p>(
    package: &'p Package,
    name: Option<&str>,
) -> Result<&'p Variant, Failure> {
    let known = || {
        package
            .variants
            .iter()
            .map(|v| v.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(name) = name {
        let found = package
            .variants
            .iter()
            .find(|variant| variant.name.as_str() == name);
        return found.ok_or_else(|| {
            CommandError::UnknownVariant {
                name: quoted(name),
                known: known(),
            }
            .into()
        });
    }
    let offered: Vec<VariantInfo> = package.variants.iter().map(offer).collect();
    let host = HostPlatform::detect();
    match lockgate_client::choose(&host, &offered) {
        Ok(best) => package
            .variants
            .iter()
            .find(|variant| variant.name.as_str() == best.name)
            .ok_or_else(|| {
                CommandError::UnknownVariant {
                    name: quoted(&best.name),
                    known: known(),
                }
                .into()
            }),
        Err(error) => Err(Failure {
            exit: Exit::Refused,
            code: error.code(),
            message: error.to_string(),
            hint: error.hint().to_owned(),
        }),
    }
}

fn offer(variant: &Variant) -> VariantInfo {
    VariantInfo {
        name: variant.name.to_string(),
        os: match variant.os {
            Os::Linux => "linux".to_owned(),
        },
        arch: variant.arch.clone(),
        libc: variant.libc.map(|libc| match libc {
            Libc::Glibc => VariantLibc::Glibc,
            Libc::Musl => VariantLibc::Musl,
            Libc::Static => VariantLibc::Static,
        }),
        glibc_floor: variant.glibc_floor.map(|(major, minor)| GlibcVersion {
            major: major.into(),
            minor: minor.into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_client::{Naming, version_of_file};
    use lockgate_core::Version;
    use lockgate_core::config::Config;
    use lockgate_core::version::Scheme;

    fn package(variant: &str) -> Option<Package> {
        let config = Config::parse(&format!(
            "[package.p]\nversion-file = \"V\"\nsources = [\"s\"]\ntag = \"p-v{{version}}\"\n\
             asset = \"{{package}}-{{variant}}-v{{version}}\"\n\
             [package.p.build]\ncommand = [\"b\"]\noutput = \"{{asset}}\"\n[package.p.variant.{variant}]\n"
        ));
        config.ok()?.packages.into_values().next()
    }

    #[test]
    fn a_variants_name_says_the_same_to_the_config_and_to_the_client() {
        for name in [
            "amd64",
            "arm64-musl",
            "linux-386-static",
            "glibc-s390x",
            "musl-arm-amd64",
            "riscv64-static-glibc",
            "ppc64le-static-musl",
        ] {
            let package = package(name).unwrap();
            assert_eq!(offer(&package.variants[0]), VariantInfo::named(name));
            let naming = Naming::new(Some("p"), "p-v{version}", "{package}-{variant}-v{version}");
            let version = Version::Integer(7);
            let asset = package.asset(&package.variants[0], &version);
            let naming = naming.unwrap();
            let variant = &package.variants[0].name;
            assert_eq!(naming.asset(variant, &version).unwrap(), asset);
            assert_eq!(naming.tag(&version).unwrap(), package.tag(&version));
        }
        // Names that the config rejects for this machine match no machine in the client.
        assert!(package("mine").is_none());
        assert_eq!(VariantInfo::named("mine").arch, "mine");
    }

    #[test]
    fn a_version_file_says_the_same_to_the_config_and_to_the_client() {
        for text in [
            "7",
            "7\n",
            "7\r\n",
            "0",
            "07",
            "+7",
            "7 ",
            "",
            "\n",
            "7\n\n",
            "9999999999",
            "10000000000",
            "1.4.0",
            "1.4.0\n",
            "1.4",
            "v1.4.0",
            "1.04.0",
            "1.0.0-rc.1",
            "1.0.0-0",
            "1.0.0-01",
            "1.0.0-0a",
            "1.0.0-",
            "1.0.0-rc..1",
            "1.0.0+b",
            "\u{feff}7",
            "٧",
        ] {
            let bytes = text.as_bytes();
            let core = Version::from_file(Scheme::Integer, bytes)
                .or_else(|_| Version::from_file(Scheme::Semver, bytes));
            assert_eq!(version_of_file(bytes, "V").ok(), core.ok(), "{text:?}");
        }
    }
}
