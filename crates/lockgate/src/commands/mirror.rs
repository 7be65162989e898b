//! `lockgate mirror`: fills a plain folder with verified executables, for any web server, or for transport to another machine.
//!
//! The layout is `DIR/TAG/ASSET`, as `fetch --mirror` requests it, with `SHA256SUMS` and the receipt next to them for users. A
//! mirror is untrusted, so nothing in it needs protection. `SHA256SUMS` is written last: if it exists, the version is complete.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lockgate_artifact::digest::HashingReader;
use lockgate_client::{Client, Digest, Fetched, Request, Trust};
use lockgate_core::config::{Config, Package, RECEIPT_ASSET, SUMS_ASSET};
use lockgate_core::document::LARGEST;
use lockgate_core::{AssetName, Tag, Version};
use serde::Serialize;

use super::Context;
use crate::cache_choice::CacheChoice;
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::Failure;
use crate::observe::remote::{fetch_failure, source};
use crate::observe::{self, work_tree};
use crate::process_env::Place;
use crate::reading::{caching, client, expectation, place};

/// Runs the command.
pub fn run(context: &Context, args: &cli::Mirror) -> Result<(), Failure> {
    let config: Config = work_tree::config(context)?;
    let packages = observe::packages(&config, args.package.as_deref())?;
    let env = &context.env;
    let forge = env.place()?;
    make_folder(&args.folder)?;
    // Kept until the end, because a cache for this call alone is deleted when this is dropped.
    let cache = CacheChoice::new(context, &args.caching, Some(&args.folder))?;
    let mut options = caching(context, &args.reading, &cache.caching)?;
    options.executable = false;
    let client = client(options)?;
    let (mut lines, mut tags) = (String::new(), Vec::new());
    for package in packages {
        let versions: Vec<Option<&str>> = match args.version.as_slice() {
            [] => vec![None],
            named => named.iter().map(|text| Some(text.as_str())).collect(),
        };
        for named in versions {
            let version = work_tree::version(context, package, named)?;
            let trust = trust(context, args, package, &version, named.is_some())?;
            let written = mirror(context, args, &client, &forge, package, &version, &trust)?;
            let tag = package.tag(&version);
            let all = package.variants.len();
            lines += &format!("{tag}: {all} executables, {written} of them new\n");
            tags.push(Mirrored {
                tag,
                executables: all,
                new: written,
            });
        }
    }
    let folder = args.folder.display().to_string();
    context.reporter.result(&lines, &Mirror { folder, tags });
    Ok(())
}

#[derive(Serialize)]
struct Mirror {
    folder: String,
    tags: Vec<Mirrored>,
}

#[derive(Serialize)]
struct Mirrored {
    tag: Tag,
    /// How many executables the release has.
    executables: usize,
    /// How many of them the folder did not have.
    new: usize,
}

/// Returns the pins if the work tree has them for this version, else the receipt.
fn trust(
    context: &Context,
    args: &cli::Mirror,
    package: &Package,
    version: &Version,
    named: bool,
) -> Result<Trust, Failure> {
    let Some(path) = package.pins.as_ref().filter(|_| !named) else {
        let expect = expectation(&context.env, &args.reading, package, version)?;
        return Ok(Trust::Receipt(expect));
    };
    let path = context.env.dir.join(path.as_str());
    let text = fs::read_to_string(&path).map_err(|error| {
        CommandError::file(format!("read the pins in {}", path.display()), &error)
    })?;
    Trust::pins(&text).map_err(|error| fetch_failure(&error))
}

/// Writes one version into the folder, and returns the number of executables that were not there.
fn mirror(
    context: &Context,
    args: &cli::Mirror,
    client: &Client,
    forge: &Place,
    package: &Package,
    version: &Version,
    trust: &Trust,
) -> Result<usize, Failure> {
    let tag = package.tag(version);
    let release = source(forge, &tag)?;
    let mut all = Vec::new();
    // All executables are downloaded before the release's folder is created.
    for variant in &package.variants {
        let asset = package.asset(variant, version);
        let request = Request {
            source: release.clone(),
            asset: asset.clone(),
            trust: trust.clone(),
            check_withdrawn: true,
        };
        let fetched = client.fetch(&request);
        all.push((asset, fetched.map_err(|error| fetch_failure(&error))?));
    }
    let folder = args.folder.join(tag.as_str());
    make_folder(&folder)?;
    let (mut written, mut sums) = (0, String::new());
    for (asset, fetched) in &all {
        sums += &format!("{}  {asset}\n", fetched.sha256);
        if is(&folder.join(asset.as_str()), fetched) {
            continue;
        }
        let from = (fetched.path.as_path(), fetched.sha256);
        let path = place(from, &folder, asset.as_str(), 0o644)?;
        context.reporter.say(&format!(
            "{} ({}), from {}",
            path.display(),
            lockgate_core::render::size(fetched.size),
            fetched.origin
        ));
        written += 1;
    }
    let receipt = client.read_document(&release, &AssetName::receipt(), LARGEST);
    if let Some(bytes) = receipt.map_err(|error| fetch_failure(&error))? {
        document(&folder, RECEIPT_ASSET, &bytes)?;
    }
    document(&folder, SUMS_ASSET, sums.as_bytes())?;
    Ok(written)
}

/// Creates a folder that a web server of another account can read, whatever the umask. Existing folders keep their mode.
fn make_folder(folder: &Path) -> Result<(), Failure> {
    let new = folder.ancestors().take_while(|path| !path.exists());
    let new: Vec<&Path> = new.filter(|path| !path.as_os_str().is_empty()).collect();
    fs::create_dir_all(folder)
        .map_err(|error| CommandError::file(format!("create {}", folder.display()), &error))?;
    for path in new {
        // For a folder of our own, this fails only on a file system without modes.
        drop(fs::set_permissions(path, Permissions::from_mode(0o755)));
    }
    Ok(())
}

fn document(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error| CommandError::file(format!("write {name} of the mirror"), &error);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    io::Write::write_all(&mut file, bytes).map_err(failed)?;
    let from = (file.path(), Digest::of(bytes));
    place(from, folder, name, 0o644).map(drop)
}

/// Returns whether a file has exactly these bytes.
fn is(path: &Path, fetched: &Fetched) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let mut reader = HashingReader::new(file);
    let size = io::copy(&mut reader, &mut io::sink());
    let (_, sha256, _) = reader.finish();
    size.is_ok_and(|size| size == fetched.size) && sha256 == *fetched.sha256.bytes()
}
