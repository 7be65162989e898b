//! The names that packages make: that none can be a bad one, and that no two packages make the same.

use super::problem::{ConfigError, ConfigProblem as P};
use super::section::Section;
use super::template::Values;
use super::{Package, WITHDRAWN_PREFIX};
use crate::escape::quoted;
use crate::version::Version;
use crate::words::{AssetName, RepoPath, Tag};

/// Fills the name templates with the shortest and the longest version, so that none can make a bad name later.
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
    let (_, after) = package.tag.around_version(&package.name);
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
            ..Values::none(&package.name)
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

fn longest_pre() -> semver::Prerelease {
    semver::Prerelease::new(&"x".repeat(58)).unwrap_or_default()
}

/// What two packages would both write, if anything.
pub(super) fn collision(one: &Package, other: &Package) -> Option<String> {
    if one.pins.is_some() && one.pins == other.pins {
        return one
            .pins
            .as_ref()
            .map(|pins| format!("the pins file {pins}"));
    }
    let (a, b) = (
        one.tag.around_version(&one.name),
        other.tag.around_version(&other.name),
    );
    (overlaps(&a.0, &b.0, str::strip_prefix) && overlaps(&a.1, &b.1, str::strip_suffix))
        .then(|| format!("the tag {}", one.tag))
}

/// Whether what one has more than the other could itself be part of a version.
fn overlaps<'t>(a: &'t str, b: &'t str, strip: fn(&'t str, &'t str) -> Option<&'t str>) -> bool {
    let rest = strip(a, b).or_else(|| strip(b, a));
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.bytes().next().is_some_and(|b| b.is_ascii_digit())
    })
}
