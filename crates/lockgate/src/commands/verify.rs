//! `lockgate verify`: a published release, read as an anonymous client would, every byte checked.

use lockgate_core::Version;
use lockgate_core::config::{Config, FILE, Package};
use lockgate_core::detect::{self, VersionFile};
use lockgate_core::escape::quoted;
use serde_json::json;

use super::{Context, choose};
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::reading::{client, expectation, options};
use crate::remote::{fetch_failure, source};

/// Runs the flow.
pub fn run(context: &Context, args: &cli::Verify) -> Result<(), Failure> {
    let package = package_of_work_tree(context, args.package.as_deref())?;
    let version = version_of_work_tree(context, &package, args.version.as_deref())?;
    let place = context.env.place()?;
    let tag = package.tag(&version);
    let client = client(options(context, &args.reading)?)?;
    let expect = expectation(&context.env, &args.reading, &package, &version)?;
    let verified = client
        .verify_release(&source(&place, &tag)?, &expect)
        .map_err(|error| fetch_failure(&error))?;
    let mut text = format!("{tag} is published, complete, and every byte is right:\n");
    for asset in verified.assets() {
        text += &format!(
            "  {}  {}  sha256:{}\n",
            asset.name(),
            lockgate_core::render::size(asset.size()),
            asset.sha256()
        );
    }
    let assets: Vec<_> = verified.assets().iter().map(|a| json!({ "name": a.name().as_str(), "size": a.size(), "sha256": a.sha256().to_string() })).collect();
    context
        .reporter
        .result("verify", &text, json!({ "tag": tag, "assets": assets }));
    Ok(())
}

/// A package of the work tree's config.
pub fn package_of_work_tree(context: &Context, name: Option<&str>) -> Result<Package, Failure> {
    choose(&config_of_work_tree(context)?, name).cloned()
}

/// The work tree's config: the user has a checkout, not necessarily a clone.
pub fn config_of_work_tree(context: &Context) -> Result<Config, Failure> {
    let path = context
        .env
        .config
        .clone()
        .unwrap_or_else(|| context.env.dir.join(FILE));
    let shown = path.display().to_string();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(CommandError::NoConfig {
                place: quoted(&shown),
            }
            .into());
        }
        Err(error) => return Err(CommandError::file(format!("read {shown}"), &error).into()),
    };
    Config::parse(&text).map_err(|error| Failure::new(Exit::Refused, &error))
}

/// The version that was named, else that of the work tree's version file.
pub fn version_of_work_tree(
    context: &Context,
    package: &Package,
    named: Option<&str>,
) -> Result<Version, Failure> {
    if let Some(text) = named {
        let wrong = |_| CommandError::BadValue {
            name: "--version",
            value: quoted(text),
            expected: package.scheme.expected(),
        };
        return Ok(Version::parse(package.scheme, text).map_err(wrong)?);
    }
    let path = context.env.dir.join(package.version_file.as_str());
    let file = match std::fs::symlink_metadata(&path) {
        Err(_) => VersionFile::Absent,
        Ok(meta) if meta.is_symlink() => VersionFile::Symlink,
        Ok(meta) if !meta.is_file() => VersionFile::NotAFile,
        Ok(meta) if meta.len() > detect::LARGEST_VERSION_FILE => VersionFile::TooLarge(meta.len()),
        Ok(_) => VersionFile::Content(
            std::fs::read(&path)
                .map_err(|error| CommandError::file(format!("read {}", path.display()), &error))?,
        ),
    };
    detect::version_of(package, &file).map_err(|refusal| Failure::new(Exit::Refused, &refusal))
}
