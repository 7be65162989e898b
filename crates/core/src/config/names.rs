//! Checks the names derived from packages: each is valid, and no two packages share one.

use lockgate_format::template::{Placeholder, Values};

use super::problem::{ConfigError, ConfigProblem as P};
use super::section::Section;
use super::{Package, WITHDRAWN_PREFIX};
use crate::escape::quoted;
use crate::ids::{AssetName, RepoPath, Tag};
use crate::version::{Scheme, Version};

/// Fills the name templates with the shortest and the longest version, so that none can make an invalid name later.
pub(super) fn check_names(section: &Section<'_>, package: &Package) -> Result<(), ConfigError> {
    let bad = |key: &'static str, problem: String| {
        let value = section.get(key);
        let (at, text) = value
            .map(|v| (v.span().start, v.get_ref().as_str().unwrap_or_default()))
            .unwrap_or_default();
        section.error(
            at,
            P::BadTemplate {
                key: key.to_owned(),
                template: quoted(text),
                problem,
            },
        )
    };
    let (_, after) = around_version(package);
    if !after.is_empty() && ".lock".ends_with(&after) {
        let problem = "with some versions it would end in \".lock\", as no git tag may";
        return Err(bad("tag", problem.to_owned()));
    }
    let longest = Version::Semver(semver::Version {
        pre: longest_pre(),
        ..semver::Version::new(1, 0, 0)
    });
    for version in [&Version::Integer(1), &longest] {
        let tag = package.tag.fill(&Values {
            version: Some(version),
            ..Values::of(&package.name)
        });
        if tag.starts_with(WITHDRAWN_PREFIX) {
            return Err(bad(
                "tag",
                format!("tags that begin with {WITHDRAWN_PREFIX:?} are kept for withdrawals"),
            ));
        }
        for name in [tag.clone(), format!("{WITHDRAWN_PREFIX}{tag}")] {
            name.parse::<Tag>().map_err(|wrong| {
                bad("tag", format!("{} is not {}", quoted(&tag), wrong.expected))
            })?;
        }
        for variant in &package.variants {
            let asset = package.asset.fill(&package.values(variant, version));
            asset.parse::<AssetName>().map_err(|wrong| {
                bad("asset", format!("{} is not {}", wrong.text, wrong.expected))
            })?;
            let values = Values {
                asset: &asset,
                ..package.values(variant, version)
            };
            let output = package.build.output.fill(&values);
            output.parse::<RepoPath>().map_err(|wrong| {
                let problem = format!(
                    "for {} it is {}, which is not {}",
                    variant.name, wrong.text, wrong.expected
                );
                let template = quoted(&package.build.output.to_string());
                let at = section.get("build").map_or(0, |value| value.span().start);
                let key = "output".to_owned();
                section.error(
                    at,
                    P::BadTemplate {
                        key,
                        template,
                        problem,
                    },
                )
            })?;
        }
    }
    Ok(())
}

#[expect(clippy::expect_used, reason = "a constant")]
fn longest_pre() -> semver::Prerelease {
    semver::Prerelease::new(&"x".repeat(58)).expect("letters are a prerelease")
}

fn around_version(package: &Package) -> (String, String) {
    let values = Values::of(&package.name);
    package.tag.split_at(Placeholder::Version, &values)
}

/// Returns what two packages would both write, if anything.
pub(super) fn collision(one: &Package, other: &Package) -> Option<String> {
    if one.pins.is_some() && one.pins == other.pins {
        return one
            .pins
            .as_ref()
            .map(|pins| format!("the pins file {pins}"));
    }
    let (a, b) = (around_version(one), around_version(other));
    let semver = [one, other]
        .iter()
        .any(|package| package.scheme == Scheme::Semver);
    // A version begins with a digit; one with a pre-release can end in almost anything.
    let begins = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let ends = |rest: &str| {
        let of_version = |c: char| {
            c.is_ascii_digit() || semver && (c.is_ascii_alphabetic() || c == '.' || c == '-')
        };
        rest.chars().all(of_version)
    };
    let before = a.0.strip_prefix(&b.0).or_else(|| b.0.strip_prefix(&a.0));
    let after = a.1.strip_suffix(&b.1).or_else(|| b.1.strip_suffix(&a.1));
    let overlap =
        before.is_some_and(|rest| rest.is_empty() || begins(rest)) && after.is_some_and(ends);
    overlap.then(|| format!("the tag {}", one.tag))
}
