//! Parses the tables of a package's variants.

use super::parse::choice;
use super::problem::{ConfigError, ConfigProblem as P};
use super::section::{Section, Value};
use super::{Libc, Os, Variant};
use crate::ids::VariantName;

/// The architectures that a variant can have, in the names that Go and Docker use.
const ARCHES: [&str; 7] = [
    "amd64", "arm64", "386", "arm", "riscv64", "ppc64le", "s390x",
];

pub(super) fn variants(package: &Section<'_>) -> Result<Vec<Variant>, ConfigError> {
    let example = "a table [package.my-tool.variant.amd64]";
    let value = package.need("variant", example)?;
    let section = package.table_of("variant", value)?;
    if section.is_empty() {
        return Err(package.missing("variant", example));
    }
    let mut read: Vec<Variant> = Vec::new();
    for (key, at, value) in section.entries() {
        let name: VariantName = section.word("variant", key, at)?;
        let variant = variant(&section.table_of(key, value)?, name, at)?;
        if let Some(other) = read
            .iter()
            .find(|other| machine(other) == machine(&variant))
        {
            let problem = P::SameVariants {
                one: other.name.to_string(),
                other: variant.name.to_string(),
            };
            return Err(section.error(at, problem));
        }
        read.push(variant);
    }
    Ok(read)
}

/// Returns the properties by which `fetch` chooses. A floor is a glibc version, so it does not apply to other variants.
fn machine(variant: &Variant) -> impl PartialEq {
    let libc = variant.libc.or(variant.glibc_floor.map(|_| Libc::Glibc));
    let floor = variant.glibc_floor.filter(|_| libc == Some(Libc::Glibc));
    (variant.os, variant.arch.clone(), libc, floor)
}

fn variant(section: &Section<'_>, name: VariantName, at: usize) -> Result<Variant, ConfigError> {
    let named = name.clone();
    let parts: Vec<&str> = named.as_str().split('-').collect();
    let arch = match section.get("arch") {
        Some(value) => (section.text_of("arch", value)?, value.span().start),
        None => (
            parts
                .iter()
                .find(|part| ARCHES.contains(part))
                .copied()
                .unwrap_or(named.as_str()),
            at,
        ),
    };
    if !ARCHES.contains(&arch.0) {
        return Err(section.bad_value(
            "arch",
            arch.0,
            arch.1,
            &format!("one of {}", ARCHES.join(", ")),
        ));
    }
    let os = choice(section, "os", Os::Linux, &[("linux", Os::Linux)])?;
    let in_name = |libc: Libc| parts.contains(&libc.as_str()).then_some(libc);
    let from_name = in_name(Libc::Glibc)
        .or(in_name(Libc::Musl))
        .or(in_name(Libc::Static));
    let libcs = [
        ("glibc", Some(Libc::Glibc)),
        ("musl", Some(Libc::Musl)),
        ("static", Some(Libc::Static)),
    ];
    let libc = choice(section, "libc", from_name, &libcs)?;
    let glibc_floor = section
        .get("glibc-floor")
        .map(|value| floor(section, value))
        .transpose()?;
    let runner = section
        .get("runner")
        .map(|value| runner(section, value))
        .transpose()?;
    let flag = |key| {
        section
            .get(key)
            .map(|value| section.bool_of(key, value))
            .transpose()
            .map(Option::unwrap_or_default)
    };
    let (allow_rpath, allow_exec_stack) = (flag("allow-rpath")?, flag("allow-exec-stack")?);
    section.finish()?;
    let runner = runner.unwrap_or_else(|| {
        if arch.0 == "arm64" {
            "ubuntu-24.04-arm"
        } else {
            "ubuntu-24.04"
        }
        .to_owned()
    });
    Ok(Variant {
        name,
        os,
        arch: arch.0.to_owned(),
        libc,
        glibc_floor,
        runner,
        allow_rpath,
        allow_exec_stack,
    })
}

fn floor<'t>(section: &Section<'t>, value: &'t Value<'t>) -> Result<(u16, u16), ConfigError> {
    let text = section.text_of("glibc-floor", value)?;
    let number = |part: &str| part.parse().ok().filter(|n: &u16| n.to_string() == part);
    text.split_once('.')
        .and_then(|(major, minor)| Some((number(major)?, number(minor)?)))
        .ok_or_else(|| {
            section.bad_value(
                "glibc-floor",
                text,
                value.span().start,
                "a GLIBC version in quotes, such as \"2.31\"",
            )
        })
}

fn runner<'t>(section: &Section<'t>, value: &'t Value<'t>) -> Result<String, ConfigError> {
    let text = section.text_of("runner", value)?;
    let fine = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if (1..=100).contains(&text.len()) && text.bytes().all(fine) {
        return Ok(text.to_owned());
    }
    Err(section.bad_value(
        "runner",
        text,
        value.span().start,
        "the label of a runner, such as \"ubuntu-24.04\"",
    ))
}
