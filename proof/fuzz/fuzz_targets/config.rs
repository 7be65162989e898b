//! Parses a `lockgate.toml`. Every name that an accepted config can lead to is valid, and belongs to one package.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use lockgate_core::config::{Config, Package};
use lockgate_core::{Attempt, Reason as _, Scheme, Version};

const INTEGERS: [&str; 4] = ["0", "1", "10", "9999999999"];
const SEMVERS: [&str; 8] = [
    "0.0.0",
    "1.0.0",
    "1.0.0-u",
    "1.2.3-rc",
    "1.2.3-rc.1",
    "1.0.0-x.loc",
    "18446744073709551615.18446744073709551615.18446744073709551615",
    "1.0.0-x-890123456789-890123456789-890123456789-890123456789-8901",
];

fuzz_target!(|text: &str| {
    match Config::parse(text) {
        Ok(config) => check(&config),
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1);
            assert!(error.line <= text.matches('\n').count() + 1);
            for said in [error.to_string(), error.hint()] {
                assert!(!said.contains(char::is_control), "{said:?}");
            }
        }
    }
});

fn check(config: &Config) {
    let mut tags = BTreeMap::new();
    for package in config.packages.values() {
        for version in versions(package.scheme) {
            names_are_valid(package, &version);
            let tag = package.tag(&version);
            assert_eq!(
                package.version_of_tag(tag.as_str()).as_ref(),
                Some(&version)
            );
            let other = tags.insert(tag.to_string(), package.name.clone());
            assert!(
                other.is_none(),
                "{tag} is of {other:?} and {}",
                package.name
            );
        }
    }
}

fn versions(scheme: Scheme) -> Vec<Version> {
    let texts: &[&str] = match scheme {
        Scheme::Integer => &INTEGERS,
        Scheme::Semver => &SEMVERS,
    };
    texts
        .iter()
        .map(|text| Version::parse(scheme, text).unwrap())
        .collect()
}

fn names_are_valid(package: &Package, version: &Version) {
    package.withdrawal_tag(version);
    package.candidate_artifact(version, Attempt(1));
    for variant in &package.variants {
        package.asset(variant, version);
        let output = package.output(variant, version);
        for words in [Some(&package.build.command), package.build.smoke.as_ref()]
            .into_iter()
            .flatten()
        {
            let command = package.command(words, variant, version, output.as_str());
            assert_eq!(command.len(), words.len());
            assert!(command.iter().all(|word| !word.contains('\0')));
        }
    }
}
