//! How releases are read: the options and variables of `fetch`, `mirror` and `verify`, as settings of the client.
//!
//! Options come before variables. Does not know what is read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_client::{
    BadVariable, Client, Digest, Event, Expectation, FetchError, Network, Options, Variables,
    install,
};
use lockgate_core::Version;
use lockgate_core::config::Package;
use lockgate_core::escape::quoted;

use crate::cli::{Caching, Reading};
use crate::exit::Failure;
use crate::flows::Context;
use crate::progress::Downloads;
use crate::remote::{fetch_failure, pause};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// Settings of a client that keeps nothing.
pub fn options(context: &Context, args: &Reading) -> Result<Options, Failure> {
    let around = &context.around;
    for name in [
        "LOCKGATE_MIRROR",
        "LOCKGATE_BUNDLED",
        "LOCKGATE_PROXY",
        "LOCKGATE_CA_FILE",
        "LOCKGATE_MIRROR_HEADER",
        "NETRC",
    ] {
        text(around, name)?;
    }
    let network = Network {
        timeout: args.timeout,
        total_timeout: args.total_timeout,
        retries: args.retries,
        proxy: args.proxy.clone(),
        ca_files: args.ca_file.clone(),
        max_size: args.max_size,
    };
    let mut options = variables(around, |variables| network.options(variables)).map_err(bad)?;
    options.retry.pause = pause(around);
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
    options.cache = cache_folder(&context.around, cache)?;
    Ok(options)
}

/// Where executables are kept between calls. The path is printed, so a variable that is not UTF-8 is refused if it counts.
pub fn cache_folder(around: &Surroundings, args: &Caching) -> Result<Option<PathBuf>, Failure> {
    if args.cache.is_some() {
        return Ok(args.cache.clone());
    }
    for name in ["LOCKGATE_CACHE", "XDG_CACHE_HOME", "HOME"] {
        if around.var(name).is_some() {
            break;
        }
        text(around, name)?;
    }
    Ok(variables(around, |variables| variables.cache()))
}

/// A variable that counts has to be UTF-8.
fn text(around: &Surroundings, name: &'static str) -> Result<(), Failure> {
    match around.not_text(name) {
        None => Ok(()),
        Some(value) => {
            // These may hold a password.
            let secret = ["MIRROR", "PROXY"].iter().any(|word| name.contains(word));
            let shown = match secret {
                true => "a value that is not shown".to_owned(),
                false => quoted(value),
            };
            Err(Trouble::BadValue {
                name,
                value: shown,
                expected: "UTF-8",
            }
            .into())
        }
    }
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
    let named = |variables: &Variables<'_>| variables.repository_id(args.repository_id);
    let mut id = variables(around, named).map_err(bad)?;
    // The runner tells the number of the repository that it runs for.
    if id.is_none() && around.in_actions() && !around.names_repository() {
        id = runners_repository(around)?;
    }
    Ok(Expectation {
        package: Some(package.name.to_string()),
        version: Some(version.to_string()),
        repository_id: id,
    })
}

/// Copies a verified file to a place of the user's, whole or not at all, with this mode. It can be run at once.
pub fn place(
    (from, sha256): (&Path, Digest),
    folder: &Path,
    name: &str,
    mode: u32,
) -> Result<PathBuf, Failure> {
    let to = folder.join(name);
    install(from, &to, sha256, mode).map_err(|error| {
        if let FetchError::Cache { source, .. } = &error {
            return Trouble::file(format!("write {}", to.display()), source).into();
        }
        fetch_failure(&error)
    })?;
    Ok(to)
}

/// What the environment asks for, by the client's rules.
pub fn variables<T>(around: &Surroundings, ask: impl FnOnce(&Variables<'_>) -> T) -> T {
    ask(&Variables(&|name| around.var(name).map(OsString::from)))
}

fn runners_repository(around: &Surroundings) -> Result<Option<u64>, Trouble> {
    let name = "GITHUB_REPOSITORY_ID";
    let Some(text) = around.var(name) else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|number: &u64| *number > 0);
    number.map(Some).ok_or_else(|| Trouble::BadValue {
        name,
        value: quoted(text),
        expected: "the number of a repository",
    })
}

/// The error for a variable whose value is invalid.
pub fn bad(variable: BadVariable) -> Trouble {
    let BadVariable {
        name,
        value,
        expected,
    } = variable;
    Trouble::BadValue {
        name,
        value,
        expected,
    }
}
