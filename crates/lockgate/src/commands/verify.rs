//! `lockgate verify`: reads a published release as an anonymous client would, and checks every byte.

use lockgate_core::Tag;
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::exit::Failure;
use crate::observe::remote::{fetch_failure, source};
use crate::observe::work_tree;
use crate::output::document::File;
use crate::reading::{client, expectation, options};

/// Runs the command.
pub fn run(context: &Context, args: &cli::Verify) -> Result<(), Failure> {
    let package = work_tree::package(context, args.package.as_deref())?;
    let version = work_tree::version(context, &package, args.version.as_deref())?;
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
    let assets = verified.assets().iter().map(|asset| File {
        name: asset.name().to_string(),
        size: asset.size(),
        sha256: asset.sha256().to_string(),
    });
    let assets = assets.collect();
    context.reporter.result(&text, &Verified { tag, assets });
    Ok(())
}

#[derive(Serialize)]
struct Verified {
    tag: Tag,
    assets: Vec<File>,
}
