//! Which variant: the one that was named, else the best for this machine by the config's table.

use lockgate_client::{GlibcVersion, HostPlatform, VariantInfo, VariantLibc};
use lockgate_core::config::{Libc, Os, Package, Variant};
use lockgate_core::escape::quoted;

use crate::exit::{Exit, Failure};
use crate::trouble::Trouble;

/// The variant of that name, or the one for this machine.
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
            Trouble::UnknownVariant {
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
                Trouble::UnknownVariant {
                    name: quoted(&best.name),
                    known: known(),
                }
                .into()
            }),
        Err(none) => Err(Failure {
            exit: Exit::Refused,
            code: none.code(),
            message: none.to_string(),
            hint: none.hint().to_owned(),
            told: false,
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
