//! `lockgate fetch`: the verified executable for this machine. Prints its path, and nothing else, to stdout.

use lockgate_client::{
    Client, Expectation, GlibcVersion, Ground, HostPlatform, Request, Trust, VariantInfo,
    VariantLibc,
};
use lockgate_core::config::{Libc, Package, Variant};
use lockgate_core::escape::quoted;
use serde_json::json;

use super::Context;
use super::verify::{package_of_work_tree, version_of_work_tree};
use crate::cli;
use crate::exit::{Exit, Failure};
use crate::remote::{anonymous, fetch_failure, source};
use crate::trouble::Trouble;

/// Runs the flow.
pub fn run(context: &Context, args: &cli::Fetch) -> Result<(), Failure> {
    let package = package_of_work_tree(context, args.package.as_deref())?;
    let version = version_of_work_tree(context, &package, args.version.as_deref())?;
    let variant = variant(&package, args.variant.as_deref())?;
    let place = context.around.place(context.around.git().ok().as_ref())?;
    let trust = match pins(context, &package, args)? {
        Some(text) => Trust::pins(&text).map_err(|error| fetch_failure(&error))?,
        None => Trust::Receipt(Expectation {
            package: Some(package.name.to_string()),
            version: Some(version.to_string()),
            repository_id: None,
        }),
    };
    let mut options = anonymous(&context.around)?;
    options.mirrors.clone_from(&args.mirror);
    options.cache = args.cache.clone().or_else(|| context.around.cache());
    options.offline = args.offline;
    let client = Client::new(options).map_err(|error| fetch_failure(&error))?;
    let asset = package
        .asset(variant, &version)
        .as_str()
        .parse()
        .map_err(|error| fetch_failure(&error))?;
    let request = Request {
        source: source(&place, &package.tag(&version))?,
        asset,
        trust,
        check_withdrawn: !args.offline,
    };
    let fetched = match &args.from {
        Some(file) => client.fetch_from_file(&request, file),
        None => client.fetch(&request),
    };
    let fetched = fetched.map_err(|error| fetch_failure(&error))?;
    let ground = match fetched.ground {
        Ground::Pins => "the repository's pins",
        Ground::Receipt => "the receipt published with it, which is weaker ground than pins",
        Ground::StoredReceipt => "the receipt that was kept when it was fetched",
    };
    context.talk.say(&format!(
        "{} {version} for {}, from {}, verified by {ground}",
        package.name, variant.name, fetched.origin
    ));
    let path = fetched.path.display().to_string();
    context.talk.result("fetch", &path, json!({ "path": path, "sha256": fetched.sha256.to_string(), "size": fetched.size, "variant": variant.name, "package-version": version }));
    Ok(())
}

/// The pins: of the option, else of the package where the work tree has them.
fn pins(
    context: &Context,
    package: &Package,
    args: &cli::Fetch,
) -> Result<Option<String>, Failure> {
    let path = match (&args.pins, &package.pins) {
        (Some(path), _) => path.clone(),
        // A version that was named is not the one that the repository pins.
        (None, Some(path)) if args.version.is_none() => context.around.dir.join(path.as_str()),
        (None, _) => return Ok(None),
    };
    let text = std::fs::read_to_string(&path);
    Ok(Some(text.map_err(|error| {
        Trouble::file(format!("read the pins in {}", path.display()), &error)
    })?))
}

fn variant<'p>(package: &'p Package, name: Option<&str>) -> Result<&'p Variant, Failure> {
    let known = || {
        package
            .variants
            .iter()
            .map(|v| v.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(name) = name {
        let found = package
            .variants
            .iter()
            .find(|variant| variant.name.as_str() == name);
        return found.ok_or_else(|| {
            Trouble::UnknownVariant {
                name: quoted(name),
                known: known(),
            }
            .into()
        });
    }
    let offered: Vec<VariantInfo> = package.variants.iter().map(offer).collect();
    let host = HostPlatform::detect();
    match lockgate_client::choose(&host, &offered) {
        Ok(best) => package
            .variants
            .iter()
            .find(|variant| variant.name.as_str() == best.name)
            .ok_or_else(|| {
                Trouble::UnknownVariant {
                    name: quoted(&best.name),
                    known: known(),
                }
                .into()
            }),
        Err(none) => Err(Failure {
            exit: Exit::Refused,
            code: none.code(),
            message: none.to_string(),
            hint: none.hint().to_owned(),
            told: false,
        }),
    }
}

fn offer(variant: &Variant) -> VariantInfo {
    VariantInfo {
        name: variant.name.to_string(),
        os: "linux".to_owned(),
        arch: variant.arch.clone(),
        libc: variant.libc.map(|libc| match libc {
            Libc::Glibc => VariantLibc::Glibc,
            Libc::Musl => VariantLibc::Musl,
            Libc::Static => VariantLibc::Static,
        }),
        glibc_floor: variant.glibc_floor.map(|(major, minor)| GlibcVersion {
            major: major.into(),
            minor: minor.into(),
        }),
    }
}
