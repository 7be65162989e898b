//! How releases are read: the options and variables of `fetch`, `mirror` and `verify`, as settings of the client.
//!
//! Options come before variables. Does not know what is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lockgate_client::{Client, Event, Expectation, Options, Proxy};
use lockgate_core::Version;
use lockgate_core::config::Package;
use lockgate_core::escape::quoted;

use crate::cli::{Caching, Reading};
use crate::exit::Failure;
use crate::flows::Context;
use crate::progress::Downloads;
use crate::remote::{anonymous, fetch_failure};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// Settings of a client that keeps nothing.
pub fn options(context: &Context, args: &Reading) -> Result<Options, Failure> {
    let around = &context.around;
    let mut options = anonymous(around)?;
    if let Some(seconds) = args.timeout {
        let idle = Duration::from_secs(seconds);
        options.timeouts.idle = idle;
        options.timeouts.connect = options.timeouts.connect.min(idle);
    }
    let total = (args.total_timeout, "LOCKGATE_TOTAL_TIMEOUT");
    if let Some(seconds) = number(around, total, 1..=604_800, "a number of seconds")? {
        options.timeouts.total = Duration::from_secs(seconds);
    }
    let retries = (args.retries, "LOCKGATE_RETRIES");
    if let Some(retries) = number(around, retries, 0..=100, "a number up to 100")? {
        options.retry.attempts = u32::try_from(retries).unwrap_or(u32::MAX).saturating_add(1);
    }
    let proxy = args.proxy.as_deref().or(around.var("LOCKGATE_PROXY"));
    if let Some(proxy) = proxy {
        options.proxy = Proxy::Through(proxy.to_owned());
    }
    options.ca_files.clone_from(&args.ca_file);
    if args.ca_file.is_empty() {
        let named = around.var("LOCKGATE_CA_FILE").unwrap_or_default();
        options.ca_files = std::env::split_paths(named)
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
    }
    let downloads = Downloads::new(&context.talk);
    let talk = context.talk.clone();
    options.listener = Some(Arc::new(move |event| {
        if let Event::Progress(progress) = event {
            downloads.show(progress);
        } else if let Event::Waiting { .. } = event {
            talk.say(&event.to_string());
        } else {
            talk.detail(&event.to_string());
        }
    }));
    Ok(options)
}

/// The same for a client with a cache.
pub fn caching(context: &Context, args: &Reading, cache: &Caching) -> Result<Options, Failure> {
    let mut options = options(context, args)?;
    options.cache = cache_folder(&context.around, cache);
    Ok(options)
}

/// Where executables are kept between calls.
pub fn cache_folder(around: &Surroundings, args: &Caching) -> Option<PathBuf> {
    let named = args.cache.clone();
    named
        .or_else(|| around.var("LOCKGATE_CACHE").map(PathBuf::from))
        .or_else(|| around.cache())
}

/// The client for some settings.
pub fn client(options: Options) -> Result<Client, Failure> {
    Client::new(options).map_err(|error| fetch_failure(&error))
}

/// What a receipt of this version has to say.
pub fn expectation(
    around: &Surroundings,
    args: &Reading,
    package: &Package,
    version: &Version,
) -> Result<Expectation, Failure> {
    let named = (args.repository_id, "LOCKGATE_REPOSITORY_ID");
    let mut id = number(around, named, 1..=u64::MAX, "the number of a repository")?;
    // The runner tells the number of the repository that it runs for.
    if id.is_none() && around.in_actions() && !around.names_repository() {
        let told = (None, "GITHUB_REPOSITORY_ID");
        id = number(around, told, 1..=u64::MAX, "the number of a repository")?;
    }
    Ok(Expectation {
        package: Some(package.name.to_string()),
        version: Some(version.to_string()),
        repository_id: id,
    })
}

/// Copies a verified file to a place of the user's, whole or not at all, with this mode.
pub fn place(from: &Path, folder: &Path, name: &str, mode: u32) -> Result<PathBuf, Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let to = folder.join(name);
    let copy = || {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(".incomplete-")
            .tempfile_in(folder)?;
        std::io::copy(&mut std::fs::File::open(from)?, &mut file)?;
        let permissions = std::fs::Permissions::from_mode(mode);
        file.as_file().set_permissions(permissions)?;
        file.persist(&to).map_err(|error| error.error)
    };
    copy().map_err(|error| Trouble::file(format!("write {}", to.display()), &error))?;
    Ok(to)
}

/// A number of an option, which is checked already, or of a variable.
fn number(
    around: &Surroundings,
    (option, name): (Option<u64>, &'static str),
    range: std::ops::RangeInclusive<u64>,
    expected: &'static str,
) -> Result<Option<u64>, Trouble> {
    let Some(text) = around.var(name).filter(|_| option.is_none()) else {
        return Ok(option);
    };
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.map(Some).ok_or_else(|| Trouble::BadValue {
        name,
        value: quoted(text),
        expected,
    })
}
