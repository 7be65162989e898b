//! From the text of a config to a checked [`Config`].

use lockgate_format::template::{Placeholder, Template, TemplateProblem};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

use super::names::{check_names, collision};
use super::problem::{ConfigError, ConfigProblem as P};
use super::section::{Section, TOP, Value};
use super::variants::variants;
use super::{
    Build, Config, EnvironmentCheck, Globs, IdentityCheck, Level, Package, Policy, Removal, Step,
};
use crate::escape::quoted;
use crate::ids::{Digest, PackageName, RepoPath};
use crate::version::Scheme;

pub(super) fn config(text: &str) -> Result<Config, ConfigError> {
    let root = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        ConfigError::at(
            text,
            at,
            P::Syntax {
                message: crate::escape::line(error.message().lines().next().unwrap_or_default()),
            },
        )
    })?;
    let top = Section::new(text, TOP.to_owned(), 0, root.get_ref());
    let packages = top.get("package");
    let workflows = super::workflows::workflows(&top)?;
    top.finish()?;
    let example = "a table [package.my-tool]";
    let packages = top.table_of(
        "package",
        packages.ok_or_else(|| top.missing("package", example))?,
    )?;
    if packages.is_empty() {
        return Err(top.missing("package", example));
    }
    let mut read: BTreeMap<PackageName, (Package, usize)> = BTreeMap::new();
    for (key, at, value) in packages.entries() {
        let name: PackageName = packages.word("package", key, at)?;
        let package = package(&packages.table_of(key, value)?, name.clone(), value)?;
        for (other, _) in read.values() {
            if let Some(what) = collision(other, &package) {
                let problem = P::Collision {
                    one: other.name.to_string(),
                    other: name.to_string(),
                    what,
                };
                return Err(packages.error(at, problem));
            }
        }
        read.insert(name, (package, at));
    }
    Ok(Config {
        packages: read
            .into_iter()
            .map(|(name, (package, _))| (name, package))
            .collect(),
        workflows,
    })
}

fn package(
    section: &Section<'_>,
    name: PackageName,
    raw: &Value<'_>,
) -> Result<Package, ConfigError> {
    let version_file = section.need("version-file", "version-file = \"tool/VERSION\"")?;
    let version_file = path(section, "version-file", version_file)?;
    let scheme = choice(
        section,
        "scheme",
        Scheme::Integer,
        &[("integer", Scheme::Integer), ("semver", Scheme::Semver)],
    )?;
    let sources = globs(section, "sources", Some("sources = [\"tool/**\"]"))?;
    let exclude = globs(section, "exclude", None)?;
    let tag = name_template(
        section,
        "tag",
        "tag = \"tool-v{version}\"",
        &[Placeholder::Version],
    )?;
    let asset = name_template(
        section,
        "asset",
        "asset = \"tool-{variant}-v{version}\"",
        &[Placeholder::Version, Placeholder::Variant],
    )?;
    let pins = section
        .get("pins")
        .map(|value| path(section, "pins", value))
        .transpose()?;
    let build = build(section)?;
    let variants = variants(section)?;
    let policy = policy(section, scheme)?;
    section.finish()?;
    let table_digest = Digest::of(canonical(raw.get_ref(), &["policy"]).to_string().as_bytes());
    let package = Package {
        name,
        version_file,
        scheme,
        sources,
        exclude,
        tag,
        asset,
        pins,
        build,
        variants,
        policy,
        table_digest,
    };
    check_names(section, &package)?;
    Ok(package)
}

fn path(section: &Section<'_>, key: &str, value: &Value<'_>) -> Result<RepoPath, ConfigError> {
    let text = section.text_of(key, value)?;
    section.word(key, text, value.span().start)
}

fn globs<'t>(
    section: &Section<'t>,
    key: &'static str,
    example: Option<&'static str>,
) -> Result<Globs, ConfigError> {
    let value = match example {
        Some(example) => Some(section.need(key, example)?),
        None => section.get(key),
    };
    let texts = value
        .map(|value| section.texts_of(key, value))
        .transpose()?
        .unwrap_or_default();
    if let (Some(example), true) = (example, texts.is_empty()) {
        return Err(section.missing(key, example));
    }
    let patterns: Vec<&str> = texts.iter().map(|(text, _)| *text).collect();
    Globs::new(&patterns).map_err(|(wrong, problem)| {
        let (glob, at) = texts.get(wrong).copied().unwrap_or_default();
        section.error(
            at,
            P::BadGlob {
                key: key.to_owned(),
                glob: quoted(glob),
                problem,
            },
        )
    })
}

pub(super) fn choice<T: Copy>(
    section: &Section<'_>,
    key: &'static str,
    default: T,
    choices: &[(&str, T)],
) -> Result<T, ConfigError> {
    let Some(value) = section.get(key) else {
        return Ok(default);
    };
    let text = section.text_of(key, value)?;
    choices
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let names: Vec<_> = choices
                .iter()
                .map(|(name, _)| format!("\"{name}\""))
                .collect();
            section.bad_value(key, text, value.span().start, &names.join(" or "))
        })
}

fn template(
    section: &Section<'_>,
    key: &str,
    text: &str,
    at: usize,
    allowed: &[Placeholder],
) -> Result<Template, ConfigError> {
    let wrong = |problem| {
        section.error(
            at,
            P::BadTemplate {
                key: key.to_owned(),
                template: quoted(text),
                problem,
            },
        )
    };
    let names = || {
        allowed
            .iter()
            .map(|placeholder| format!("{{{}}}", placeholder.name()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let template = Template::parse(text).map_err(|problem| match problem {
        TemplateProblem::Unbalanced => wrong("a brace in it has no partner".to_owned()),
        TemplateProblem::Unknown(name) => wrong(format!(
            "there is no placeholder {}; here are {}",
            quoted(&name),
            names()
        )),
    })?;
    match template.beyond(allowed) {
        Some(placeholder) => Err(wrong(format!(
            "{{{}}} has no meaning there; here are {}",
            placeholder.name(),
            names()
        ))),
        None => Ok(template),
    }
}

/// A template for a name: each of `needed` exactly once, `{package}` besides.
fn name_template(
    section: &Section<'_>,
    key: &'static str,
    example: &'static str,
    needed: &[Placeholder],
) -> Result<Template, ConfigError> {
    let value = section.need(key, example)?;
    let (text, at) = (section.text_of(key, value)?, value.span().start);
    let allowed: Vec<Placeholder> = needed
        .iter()
        .copied()
        .chain([Placeholder::Package])
        .collect();
    let template = template(section, key, text, at, &allowed)?;
    let wrong = |problem| {
        section.error(
            at,
            P::BadTemplate {
                key: key.to_owned(),
                template: quoted(text),
                problem,
            },
        )
    };
    for placeholder in needed {
        match template.count(*placeholder) {
            1 => {}
            0 => return Err(wrong(format!("it lacks {{{}}}", placeholder.name()))),
            _ => {
                return Err(wrong(format!(
                    "it has {{{}}} more than once",
                    placeholder.name()
                )));
            }
        }
    }
    Ok(template)
}

const IN_COMMANDS: [Placeholder; 8] = Placeholder::ALL;
const IN_OUTPUT: [Placeholder; 5] = [
    Placeholder::Package,
    Placeholder::Version,
    Placeholder::Variant,
    Placeholder::Arch,
    Placeholder::Asset,
];

fn build(package: &Section<'_>) -> Result<Build, ConfigError> {
    let value = package.need("build", "a table [package.my-tool.build]")?;
    let section = package.table_of("build", value)?;
    let command = command(
        &section,
        "command",
        section.need("command", "command = [\"make\", \"ARCH={arch}\"]")?,
    )?;
    let output_value = section.need("output", "output = \"dist/{asset}\"")?;
    let (text, at) = (
        section.text_of("output", output_value)?,
        output_value.span().start,
    );
    let output = template(&section, "output", text, at, &IN_OUTPUT)?;
    if output.count(Placeholder::Asset)
        + output.count(Placeholder::Variant)
        + output.count(Placeholder::Arch)
        == 0
    {
        let problem =
            "it lacks {asset}, {variant} or {arch}, so that all variants would have the same"
                .to_owned();
        return Err(section.error(
            at,
            P::BadTemplate {
                key: "output".to_owned(),
                template: quoted(text),
                problem,
            },
        ));
    }
    if text.contains(['*', '?', '[']) {
        let expected =
            "a path without `*`, `?` and `[`: actions/upload-artifact takes it for a pattern";
        return Err(section.bad_value("output", text, at, expected));
    }
    let filled = text.replace(['{', '}'], "");
    section.word::<RepoPath>("output", &filled, at)?;
    let smoke = section
        .get("smoke")
        .map(|value| self::command(&section, "smoke", value))
        .transpose()?;
    section.finish()?;
    Ok(Build {
        command,
        output,
        smoke,
    })
}

fn command<'t>(
    section: &Section<'t>,
    key: &'static str,
    value: &'t Value<'t>,
) -> Result<Vec<Template>, ConfigError> {
    let words = section.texts_of(key, value)?;
    if words.is_empty() {
        return Err(section.bad_value(key, "", value.span().start, "a program and its arguments"));
    }
    words
        .into_iter()
        .map(|(text, at)| {
            if text.contains('\0') {
                return Err(section.bad_value(key, text, at, "an argument without a NUL"));
            }
            template(section, key, text, at, &IN_COMMANDS)
        })
        .collect()
}

fn policy(package: &Section<'_>, scheme: Scheme) -> Result<Policy, ConfigError> {
    let default = Policy::default_for(scheme);
    let Some(value) = package.get("policy") else {
        return Ok(default);
    };
    let section = package.table_of("policy", value)?;
    let levels = [
        ("allow", Level::Allow),
        ("warn", Level::Warn),
        ("deny", Level::Deny),
    ];
    let change_without_bump = choice(
        &section,
        "change-without-bump",
        default.change_without_bump,
        &levels,
    )?;
    let bump_without_change = choice(
        &section,
        "bump-without-change",
        default.bump_without_change,
        &levels,
    )?;
    let step = choice(
        &section,
        "step",
        default.step,
        &[("next-free", Step::NextFree), ("any", Step::Any)],
    )?;
    let environment = choice(
        &section,
        "environment",
        default.environment,
        &[
            ("protected", EnvironmentCheck::Protected),
            ("unchecked", EnvironmentCheck::Unchecked),
        ],
    )?;
    let identity = choice(
        &section,
        "identity",
        default.identity,
        &[
            ("with-raise", IdentityCheck::WithRaise),
            ("free", IdentityCheck::Free),
        ],
    )?;
    let removal = choice(
        &section,
        "removal",
        default.removal,
        &[("deny", Removal::Deny), ("allow", Removal::Allow)],
    )?;
    section.finish()?;
    Ok(Policy {
        change_without_bump,
        bump_without_change,
        step,
        environment,
        identity,
        removal,
    })
}

/// A value as JSON with sorted keys and no white space, without the keys in `but`. See docs/fingerprint.md.
fn canonical(value: &DeValue<'_>, but: &[&str]) -> serde_json::Value {
    use serde_json::Value as J;
    match value {
        DeValue::String(text) => J::String(text.to_string()),
        DeValue::Boolean(flag) => J::Bool(*flag),
        DeValue::Array(items) => J::Array(
            items
                .iter()
                .map(|item| canonical(item.get_ref(), &[]))
                .collect(),
        ),
        DeValue::Table(table) => J::Object(
            table
                .iter()
                .filter(|(key, _)| !but.contains(&key.get_ref().as_ref()))
                .map(|(key, value)| (key.get_ref().to_string(), canonical(value.get_ref(), &[])))
                .collect(),
        ),
        // No key takes these; the reader has refused them before.
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => J::Null,
    }
}
