//! How releases are read: the options and variables of `fetch`, `mirror` and `verify`, as settings of the client.
//!
//! Options take precedence over variables. Does not depend on what is read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_client::{
    BadVariable, Client, Digest, Event, Expectation, FetchError, Network, Options, Variables,
    install,
};
use lockgate_core::config::Package;
use lockgate_core::escape::quoted;
use lockgate_core::{RepositoryId, Version};

use crate::cli::{Caching, Reading};
use crate::command_error::CommandError;
use crate::commands::Context;
use crate::exit::Failure;
use crate::observe::remote::fetch_failure;
use crate::output::progress::Downloads;
use crate::process_env::ProcessEnv;

/// Returns the settings of a client without a cache.
pub fn options(context: &Context, args: &Reading) -> Result<Options, Failure> {
    let env = &context.env;
    for name in [
        "LOCKGATE_MIRROR",
        "LOCKGATE_BUNDLED",
        "LOCKGATE_PROXY",
        "LOCKGATE_CA_FILE",
        "LOCKGATE_MIRROR_HEADER",
        "NETRC",
    ] {
        text(env, name)?;
    }
    let network = named(args);
    let mut options = variables(env, |variables| network.options(variables)).map_err(bad)?;
    options.retry.pause = env.clock().sleep;
    let downloads = Downloads::new(&context.reporter);
    let reporter = context.reporter.clone();
    options.listener = Some(Arc::new(move |event| {
        if let Event::Progress(progress) = event {
            downloads.show(progress);
        } else if let Event::Waiting { .. } = event {
            reporter.say(&event.to_string());
        } else {
            reporter.detail(&event.to_string());
        }
    }));
    Ok(options)
}

/// The options about the network.
pub fn named(args: &Reading) -> Network {
    Network {
        timeout: args.timeout,
        total_timeout: args.total_timeout,
        retries: args.retries,
        proxy: args.proxy.clone(),
        ca_files: args.ca_file.clone(),
        max_size: args.max_size,
    }
}

/// The network as options and variables describe it, for every command.
pub fn network(env: &ProcessEnv, named: &Network) -> Result<Network, Failure> {
    for name in ["LOCKGATE_PROXY", "LOCKGATE_CA_FILE"] {
        text(env, name)?;
    }
    Ok(variables(env, |variables| named.with_variables(variables)).map_err(bad)?)
}

/// The same for a client with a cache.
pub fn caching(context: &Context, args: &Reading, cache: &Caching) -> Result<Options, Failure> {
    let mut options = options(context, args)?;
    options.cache = cache_folder(&context.env, cache)?;
    Ok(options)
}

/// Returns the folder of the cache. The path is printed, so a variable that is used must be UTF-8.
pub fn cache_folder(env: &ProcessEnv, args: &Caching) -> Result<Option<PathBuf>, Failure> {
    if args.cache.is_some() {
        return Ok(args.cache.clone());
    }
    for name in ["LOCKGATE_CACHE", "XDG_CACHE_HOME", "HOME"] {
        if env.var(name).is_some() {
            break;
        }
        text(env, name)?;
    }
    Ok(variables(env, |variables| variables.cache()))
}

/// Returns the error for a variable that is used and is not UTF-8.
fn text(env: &ProcessEnv, name: &'static str) -> Result<(), Failure> {
    match env.not_text(name) {
        None => Ok(()),
        Some(value) => {
            // These may contain a password.
            let secret = ["MIRROR", "PROXY"].iter().any(|word| name.contains(word));
            let shown = match secret {
                true => "a value that is not shown".to_owned(),
                false => quoted(value),
            };
            Err(CommandError::BadValue {
                name,
                value: shown,
                expected: "UTF-8",
            }
            .into())
        }
    }
}

/// Creates the client for some settings.
pub fn client(options: Options) -> Result<Client, Failure> {
    Client::new(options).map_err(|error| fetch_failure(&error))
}

/// Returns what a receipt of this version must contain.
pub fn expectation(
    env: &ProcessEnv,
    args: &Reading,
    package: &Package,
    version: &Version,
) -> Result<Expectation, Failure> {
    let named = |variables: &Variables<'_>| variables.repository_id(args.repository_id);
    let mut id = variables(env, named).map_err(bad)?;
    // The runner provides the id of the repository that it runs for.
    if id.is_none() && env.in_actions() && !env.names_repository() {
        id = runners_repository(env)?;
    }
    Ok(Expectation {
        package: Some(package.name.clone()),
        version: Some(version.clone()),
        repository_id: id.map(RepositoryId),
    })
}

/// Copies a verified file to a place of the user's by an atomic rename, with this mode. It can be executed at once.
pub fn place(
    (from, sha256): (&Path, Digest),
    folder: &Path,
    name: &str,
    mode: u32,
) -> Result<PathBuf, Failure> {
    let to = folder.join(name);
    install(from, &to, sha256, mode).map_err(|error| {
        if let FetchError::Cache { source, .. } = &error {
            return CommandError::file(format!("write {}", to.display()), source).into();
        }
        fetch_failure(&error)
    })?;
    Ok(to)
}

/// Returns what the environment asks for, by the client's rules.
pub fn variables<T>(env: &ProcessEnv, ask: impl FnOnce(&Variables<'_>) -> T) -> T {
    ask(&Variables(&|name| env.var(name).map(OsString::from)))
}

fn runners_repository(env: &ProcessEnv) -> Result<Option<u64>, CommandError> {
    let name = "GITHUB_REPOSITORY_ID";
    let Some(text) = env.var(name) else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|number: &u64| *number > 0);
    number.map(Some).ok_or_else(|| CommandError::BadValue {
        name,
        value: quoted(text),
        expected: "the number of a repository",
    })
}

/// The error for a variable whose value is invalid.
pub fn bad(variable: BadVariable) -> CommandError {
    let BadVariable {
        name,
        value,
        expected,
    } = variable;
    CommandError::BadValue {
        name,
        value,
        expected,
    }
}
