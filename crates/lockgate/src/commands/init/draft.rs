//! Converts answers to the text of a config: a new one, or tables added to the existing one, whose own text stays.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lockgate_core::config::{Config, RunnerArch, pin};
use lockgate_core::detect::LARGEST_VERSION_FILE;
use lockgate_core::escape::quoted;
use lockgate_core::{BranchName, Digest, Version};

use super::answers::{self, Answers};
use super::{Found, Problem, command, propose};
use crate::cli;
use crate::command_error::CommandError;
use crate::commands::Context;
use crate::exit::Failure;
use crate::observe::work_tree;

/// The files to write in addition to the workflows.
pub(super) struct Draft {
    /// The whole text of the config.
    pub config: String,
    /// The path and text of the version file, if it is to be written.
    pub version_file: Option<(String, String)>,
}

/// Decides the content of the config.
pub(super) fn decide(context: &Context, args: &cli::Init, found: &Found) -> Result<Draft, Failure> {
    let there = found.config.as_deref().map(work_tree::parse).transpose()?;
    let known = |config: &Config| match &args.package {
        Some(name) => config.packages.keys().any(|known| known.as_str() == name),
        None => true,
    };
    let mut config = found.config.clone().unwrap_or_default();
    let mut version_file = None;
    if there.as_ref().is_some_and(known) {
        let options = package_options(args);
        if !options.is_empty() {
            let package = args.package.as_deref().unwrap_or("that it names");
            return Err(Problem::KnownPackage {
                package: package.to_owned(),
                options: options.join(", "),
            }
            .into());
        }
    } else {
        let scheme = args.scheme.unwrap_or(cli::Scheme::Integer);
        let proposals = || propose::look(found, scheme);
        let ask = |question: &str, proposal: Option<&str>| context.reporter.ask(question, proposal);
        let answers = answers::complete(args, &proposals, &ask)?;
        if !args.allow_missing {
            command::look(&context.env, &found.root, &answers.command)?;
        }
        if !config.is_empty() {
            config += "\n";
        }
        config += &package_text(&answers);
        // The parser defines the grammar, so invalid values are reported before the disk is searched for what they name.
        work_tree::parse(&config)?;
        version_file = first_version(args, found, &answers)?;
    }
    let settings = settings(context, args, found, there.as_ref())?;
    let has_settings = found.config.as_deref().is_some_and(|text| {
        text.lines()
            .any(|line| line.trim_start().starts_with("[workflows"))
    });
    match (settings.is_empty(), has_settings) {
        (true, _) => {}
        (false, false) => {
            config += "\n";
            config += &settings;
        }
        (false, true) => {
            let options = setting_options(args).join(", ");
            return Err(Problem::KnownSettings { options }.into());
        }
    }
    Ok(Draft {
        config,
        version_file,
    })
}

fn package_options(args: &cli::Init) -> Vec<&'static str> {
    let said = [
        ("--version-file", args.version_file.is_some()),
        ("--first-version", args.first_version.is_some()),
        ("--scheme", args.scheme.is_some()),
        ("--sources", !args.sources.is_empty()),
        ("--exclude", !args.exclude.is_empty()),
        ("--build-command", args.build_command.is_some()),
        ("--output", args.output.is_some()),
        ("--smoke", args.smoke.is_some()),
        ("--variants", !args.variants.is_empty()),
        ("--emulate", !args.emulate.is_empty()),
        ("--tag", args.tag.is_some()),
        ("--asset", args.asset.is_some()),
        ("--pins", args.pins.is_some()),
    ];
    said.into_iter()
        .filter(|(_, said)| *said)
        .map(|(name, _)| name)
        .collect()
}

fn setting_options(args: &cli::Init) -> Vec<&'static str> {
    let said = [
        ("--level", args.level.is_some()),
        ("--branch", args.branch.is_some()),
        ("--action", args.action.is_some()),
    ];
    said.into_iter()
        .filter(|(_, said)| *said)
        .map(|(name, _)| name)
        .collect()
}

/// Formats the tables of a package as a user would write them.
fn package_text(answers: &Answers) -> String {
    let name = &answers.package;
    let list = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|word| text(word)).collect();
        format!("[{}]", words.join(", "))
    };
    let mut out = format!("[package.{name}]\n");
    let mut key = |key: &str, value: String| {
        let _ = writeln!(out, "{key:12} = {value}");
    };
    key("version-file", text(&answers.version_file));
    if answers.scheme == cli::Scheme::Semver {
        key("scheme", text("semver"));
    }
    key("sources", list(&answers.sources));
    if !answers.exclude.is_empty() {
        key("exclude", list(&answers.exclude));
    }
    key("tag", text(&answers.tag));
    key("asset", text(&answers.asset));
    if let Some(pins) = &answers.pins {
        key("pins", text(pins));
    }
    let _ = writeln!(out, "\n[package.{name}.build]");
    let _ = writeln!(out, "command = {}", list(&answers.command));
    let _ = writeln!(out, "output  = {}", text(&answers.output));
    if let Some(smoke) = &answers.smoke {
        let _ = writeln!(out, "smoke   = {}", list(smoke));
    }
    out += "\n";
    for row in &answers.variants {
        let _ = writeln!(out, "[package.{name}.variant.{}]", row.name);
        let _ = writeln!(out, "runner = {}", text(row.runner));
    }
    out
}

/// Quotes a text for TOML: JSON's escapes are valid, except that JSON does not escape the control character DEL.
fn text(value: &str) -> String {
    serde_json::Value::from(value)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

/// Checks that the version file exists and contains a version, or returns the one to write.
fn first_version(
    args: &cli::Init,
    found: &Found,
    answers: &Answers,
) -> Result<Option<(String, String)>, Failure> {
    let path = quoted(&answers.version_file);
    let scheme = answers::scheme(answers.scheme);
    let on_disk = found.root.join(&answers.version_file);
    let bytes = match std::fs::symlink_metadata(&on_disk) {
        Err(_) => None,
        Ok(meta) if !meta.is_file() || meta.len() > LARGEST_VERSION_FILE => {
            let problem = "it is no regular file, or too large".to_owned();
            return Err(Problem::BadVersion { path, problem }.into());
        }
        Ok(_) => Some(
            std::fs::read(&on_disk)
                .map_err(|error| CommandError::file(format!("read {path}"), &error))?,
        ),
    };
    let read = bytes.map(|bytes| Version::from_file(scheme, &bytes));
    match (read, &args.first_version) {
        (Some(Err(error)), _) => {
            let problem = error.to_string();
            Err(Problem::BadVersion { path, problem }.into())
        }
        (Some(Ok(_)), None) => Ok(None),
        (Some(Ok(version)), Some(first)) if version.to_string() == *first => Ok(None),
        (Some(Ok(version)), Some(_)) => {
            let version = version.to_string();
            Err(Problem::VersionFileThere { path, version }.into())
        }
        (None, None) => Err(Problem::NoVersionFile { path }.into()),
        (None, Some(first)) => {
            let version = Version::parse(scheme, first).map_err(|_| CommandError::BadValue {
                name: "--first-version",
                value: quoted(first),
                expected: scheme.expected(),
            })?;
            Ok(Some((answers.version_file.clone(), format!("{version}\n"))))
        }
    }
}

/// Formats the table `[workflows]`; empty if it would contain only defaults.
fn settings(
    context: &Context,
    args: &cli::Init,
    found: &Found,
    there: Option<&Config>,
) -> Result<String, Failure> {
    let mut out = String::new();
    if args.level == Some(cli::Level::Hardened) {
        out += "level    = \"hardened\"\n";
    }
    // An existing config already has the name of its branch.
    let guessed = || there.is_none().then(|| branch(found)).flatten();
    let branch = match &args.branch {
        Some(name) => Some(
            name.parse::<BranchName>()
                .map_err(|wrong| Problem::BadName {
                    option: "--branch",
                    problem: wrong.to_string(),
                })?,
        ),
        None => guessed(),
    };
    if let Some(branch) = branch.filter(|branch| branch.as_str() != "main") {
        let _ = writeln!(out, "branch   = {}", text(branch.as_str()));
        context
            .reporter
            .say(&format!("the default branch is taken to be {branch}"));
    }
    if let Some(action) = action(args, there.is_none()) {
        if pin(&action).is_none() {
            let value = quoted(&action);
            return Err(Problem::BadAction { value }.into());
        }
        let _ = writeln!(out, "lockgate = {}", text(&action));
        out += "\n[workflows.sha256]\n";
        for (arch, digest) in digests(args)? {
            let _ = writeln!(out, "{} = \"{digest}\"", arch.as_str());
        }
    }
    match out.is_empty() {
        true => Ok(out),
        false => Ok(format!("[workflows]\n{out}")),
    }
}

/// Returns the default branch, as far as the clone shows it.
fn branch(found: &Found) -> Option<BranchName> {
    match &found.remote {
        Some(remote) => found.git.default_branch(remote),
        None => found.git.current_branch(),
    }
}

/// Returns the action that was named; else, for a new config, the one that the executable's release recorded at its build.
fn action(args: &cli::Init, new: bool) -> Option<String> {
    let released = || {
        let repository = option_env!("LOCKGATE_RELEASE_REPOSITORY")?;
        let commit = option_env!("LOCKGATE_RELEASE_COMMIT")?;
        Some(format!("{repository}@{commit}"))
    };
    args.action.clone().or_else(|| new.then(released).flatten())
}

/// Returns the digests of a release's list, else this executable's own.
fn digests(args: &cli::Init) -> Result<BTreeMap<RunnerArch, Digest>, Failure> {
    let mut found = BTreeMap::new();
    match &args.sha256sums {
        Some(path) => {
            let shown = quoted(&path.display().to_string());
            let list = std::fs::read_to_string(path)
                .map_err(|error| CommandError::file(format!("read {shown}"), &error))?;
            for line in list.lines() {
                let Some((digest, name)) = line.split_once("  ") else {
                    continue;
                };
                let parts: Vec<&str> = name.split(['-', '.', '_']).collect();
                let arch = RunnerArch::ALL
                    .into_iter()
                    .find(|arch| parts.contains(&arch.as_str()));
                if let (Some(arch), Ok(digest)) = (arch, digest.parse()) {
                    found.insert(arch, digest);
                }
            }
        }
        None => {
            let own = match std::env::consts::ARCH {
                "aarch64" => RunnerArch::Arm64,
                _ => RunnerArch::Amd64,
            };
            let bytes = std::env::current_exe().and_then(std::fs::read);
            let bytes =
                bytes.map_err(|error| CommandError::file("read this executable", &error))?;
            found.insert(own, Digest::of(&bytes));
        }
    }
    match found.contains_key(&RunnerArch::Amd64) {
        true => Ok(found),
        false => Err(Problem::NoDigest {
            problem: "the digest of the executable for amd64 is not known".to_owned(),
        }
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_core::config::FILE;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read_back_from_the_config(value in "(.|\\n){0,40}") {
            let config = format!("[package.x]\n{FILE:?} = {}\n", text(&value));
            // The config's own parser reads this: it rejects the key, not the text.
            let error = Config::parse(&config).unwrap_err();
            prop_assert_eq!(lockgate_core::Reason::code(&error), "config.missing");
        }
    }
}
