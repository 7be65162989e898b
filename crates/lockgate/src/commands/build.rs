//! `lockgate build`: builds one variant and inspects the result; with `--join`, joins all variants to a candidate. The only command
//! that runs the pull request's code.

mod join;
mod smoke;

use std::path::{Path, PathBuf};
use std::time::Instant;

use lockgate_core::RepoPath;
use lockgate_core::config::{Package, Variant};
use lockgate_core::detect;
use lockgate_core::document::{
    Candidate, Document as _, Executable, FailedVariant, Manifest, Part, PartResult,
};
use lockgate_core::escape::quoted;
use lockgate_core::{Attempt, Fingerprint, Reason as _, RunId, Version};
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::git::Git;
use crate::inspect_output::inspect_output;
use crate::observe::candidate::PART_FILE;
use crate::observe::{self, Tree};
use crate::subprocess;

/// Runs the command.
pub fn run(context: &Context, args: &cli::Build) -> Result<(), Failure> {
    let git = context.env.git()?;
    let source = source(context, &git, args)?;
    match &args.variant {
        Some(variant) => one(context, args, &source, variant),
        None => join::join(context, args, &source),
    }
}

/// The source of the build: the checked-out commit.
struct Source {
    package: Package,
    version: Version,
    /// The manifest without the executables.
    manifest: Manifest,
    top: PathBuf,
    /// Whether the work tree matches the commit. An error is recorded in the part, so that the comment shows it.
    checked_out: Result<(), CommandError>,
}

fn source(context: &Context, git: &Git, args: &cli::Build) -> Result<Source, Failure> {
    let top = git.top()?;
    let commit = git.commit("HEAD")?;
    let tree = Tree::read(git, commit.as_str())?;
    let package = observe::package(
        tree.config(&format!("the commit {}", commit.short()))?,
        args.package.as_deref(),
    )?
    .clone();
    let snapshot = tree.snapshot(git, &package)?;
    let version = detect::version_of(&package, &snapshot.version_file)
        .map_err(|refusal| Failure::new(Exit::Refused, &refusal))?;
    let number = |name: &'static str| -> Result<u64, Failure> {
        let Some(text) = context.env.var(name) else {
            return Ok(0);
        };
        text.parse().map_err(|_| {
            CommandError::BadValue {
                name,
                value: quoted(text),
                expected: "a number",
            }
            .into()
        })
    };
    // Outside a run, or with uncommitted changes, a build cannot become a candidate: no run has the number 0.
    let run = if args.allow_dirty {
        0
    } else {
        number("GITHUB_RUN_ID")?
    };
    let manifest = Manifest {
        package: package.name.clone(),
        package_version: version.clone(),
        fingerprint: snapshot.digests.fingerprint,
        commit,
        run: RunId(run),
        attempt: Attempt(number("GITHUB_RUN_ATTEMPT")?),
        executables: Vec::new(),
    };
    let mut checked_out = Ok(());
    if !args.allow_dirty {
        checked_out = refuse_changes(git, &top, &args.out, &package, &version);
        // Joining parts does not read the sources.
        match args.variant {
            Some(_) => {
                checked_out = checked_out.and_then(|()| tree.checked_out(git, &top, &package));
            }
            None => std::mem::replace(&mut checked_out, Ok(()))?,
        }
    }
    Ok(Source {
        checked_out,
        package,
        version,
        manifest,
        top,
    })
}

/// Returns an error for uncommitted changes, except for what builds of this version leave: their results, and the executables.
fn refuse_changes(
    git: &Git,
    top: &Path,
    out: &Path,
    package: &Package,
    version: &Version,
) -> Result<(), CommandError> {
    let out = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    let outputs: Vec<RepoPath> = package
        .variants
        .iter()
        .map(|variant| package.output(variant, version))
        .collect();
    let is_output = |path: &str| outputs.iter().any(|output| output.as_str() == path);
    let changes: Vec<String> = git
        .changes()?
        .into_iter()
        .filter(|path| !top.join(path).starts_with(&out) && !is_output(path))
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = changes.iter().take(5).map(|path| quoted(path)).collect();
    Err(CommandError::Dirty {
        paths: shown.join(", "),
    })
}

fn one(context: &Context, args: &cli::Build, source: &Source, name: &str) -> Result<(), Failure> {
    let package = &source.package;
    let known = || {
        package
            .variants
            .iter()
            .map(|v| v.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let variant = package
        .variants
        .iter()
        .find(|variant| variant.name.as_str() == name);
    let variant = variant.ok_or_else(|| CommandError::UnknownVariant {
        name: quoted(name),
        known: known(),
    })?;
    let (result, failure) = match make(context, source, variant) {
        Ok(executable) => (PartResult::Built(executable), None),
        Err((command_error, log_tail)) => {
            let (code, problem) = (command_error.code().to_owned(), command_error.to_string());
            let next = command_error.hint();
            (
                PartResult::Failed(FailedVariant {
                    variant: variant.name.clone(),
                    code,
                    problem,
                    next,
                    log_tail,
                }),
                Some(command_error),
            )
        }
    };
    let part = part(source, result);
    let path = write(
        &args.out.join(variant.name.as_str()),
        PART_FILE,
        &part.to_json(),
    )?;
    let artifact = package.part_artifact(&variant.name, &source.version, source.manifest.attempt);
    context.reporter.output("part-artifact", &artifact)?;
    context
        .reporter
        .output("part-path", &path.display().to_string())?;
    match (&part.result, failure) {
        (PartResult::Built(executable), None) => render_built(context, source, variant, executable),
        (_, Some(command_error)) => Err(command_error.into()),
        (PartResult::Failed(_), None) => Ok(()),
    }
}

fn part(source: &Source, result: PartResult) -> Part {
    let manifest = source.manifest.clone();
    Part {
        package: manifest.package,
        package_version: manifest.package_version,
        fingerprint: manifest.fingerprint,
        commit: manifest.commit,
        run: manifest.run,
        attempt: manifest.attempt,
        result,
    }
}

fn render_built(
    context: &Context,
    source: &Source,
    variant: &Variant,
    executable: &Executable,
) -> Result<(), Failure> {
    let path = source
        .top
        .join(source.package.output(variant, &source.version).as_str());
    context
        .reporter
        .output("artifact", executable.name.as_str())?;
    context
        .reporter
        .output("path", &path.display().to_string())?;
    let size = lockgate_core::render::size(executable.size);
    let text = format!(
        "{}  {size}  sha256:{}  {}",
        executable.name, executable.sha256, executable.headers
    );
    let built = Build::Variant {
        executable,
        path: path.display().to_string(),
        fingerprint: source.manifest.fingerprint,
    };
    context.reporter.result(&text, &built);
    Ok(())
}

/// The result of the command.
#[derive(Serialize)]
#[serde(untagged)]
enum Build<'a> {
    /// One variant: the executable as in the part, and the path of its file.
    Variant {
        executable: &'a Executable,
        path: String,
        fingerprint: Fingerprint,
    },
    /// All variants: the candidate, complete or failed, and the path of its document.
    Join {
        candidate: &'a Candidate,
        path: String,
    },
}

/// Builds, inspects and runs the smoke test; a failure also contains the end of the log.
fn make(
    context: &Context,
    source: &Source,
    variant: &Variant,
) -> Result<Executable, (CommandError, Vec<String>)> {
    let plain = |command_error| (command_error, Vec::new());
    source.checked_out.clone().map_err(plain)?;
    let package = &source.package;
    let (name, output) = (
        package.asset(variant, &source.version),
        package.output(variant, &source.version),
    );
    let path = source.top.join(output.as_str());
    remove_stale(&source.top, &output).map_err(|error| {
        plain(CommandError::file(
            format!("remove what an earlier build left at {output}"),
            &error,
        ))
    })?;
    let words = package.command(
        &package.build.command,
        variant,
        &source.version,
        output.as_str(),
    );
    let vars = variables(
        package,
        variant,
        &source.version,
        source.manifest.fingerprint,
        output.as_str(),
    );
    context.reporter.say(&format!(
        "building {name}: {}",
        words
            .iter()
            .map(|word| quoted(word))
            .collect::<Vec<_>>()
            .join(" ")
    ));
    let begun = Instant::now();
    let ended = context
        .reporter
        .subprocess(&format!("build {name}"), |print| {
            subprocess::run(&words, &source.top, &vars, print)
        });
    let ended = ended.map_err(|error| {
        let program = quoted(words.first().map_or("", String::as_str));
        plain(CommandError::CommandMissing {
            program,
            detail: error.to_string(),
        })
    })?;
    if !ended.status.success() {
        let command_error = CommandError::CommandFailed {
            variant: variant.name.to_string(),
            status: subprocess::status(ended.status),
        };
        return Err((command_error, ended.tail));
    }
    let build_seconds = begun.elapsed().as_secs();
    let secrets = context.env.credentials.iter();
    let secrets: Vec<&str> = secrets.map(String::as_str).collect();
    let inspected = inspect_output(&path, variant, &secrets)
        .map_err(|command_error| (command_error, ended.tail))?;
    let smoke = smoke::smoke(context, source, variant, &path, &vars)?;
    Ok(Executable {
        variant: variant.name.clone(),
        name,
        size: inspected.size,
        sha256: inspected.sha256,
        headers: inspected.headers,
        header_ranges: inspected.header_ranges,
        smoke,
        build_seconds,
        attempt: None,
    })
}

/// Removes the output of an earlier build, so that it cannot be taken for the output of this one. Build tools create links from the
/// repository to their own folders (`bazel-bin`, Nix's `result`): then the first link in the path is removed, and its target stays.
fn remove_stale(top: &Path, output: &RepoPath) -> std::io::Result<()> {
    let mut path = top.to_owned();
    for part in output.as_str().split('/') {
        path.push(part);
        let meta = match std::fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if meta.is_symlink() {
            return std::fs::remove_file(&path);
        }
    }
    std::fs::remove_file(&path)
}

fn variables(
    package: &Package,
    variant: &Variant,
    version: &Version,
    fingerprint: Fingerprint,
    output: &str,
) -> [(&'static str, String); 6] {
    [
        ("LOCKGATE_PACKAGE", package.name.to_string()),
        ("LOCKGATE_VERSION", version.to_string()),
        ("LOCKGATE_VARIANT", variant.name.to_string()),
        ("LOCKGATE_ARCH", variant.arch.clone()),
        ("LOCKGATE_FINGERPRINT", fingerprint.to_string()),
        ("LOCKGATE_OUTPUT", output.to_owned()),
    ]
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    let operation = || format!("write {}", path.display());
    std::fs::create_dir_all(folder).map_err(|error| CommandError::file(operation(), &error))?;
    std::fs::write(&path, text).map_err(|error| CommandError::file(operation(), &error))?;
    Ok(path)
}
