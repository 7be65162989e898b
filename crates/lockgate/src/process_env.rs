//! The environment of the process: variables, folder, terminal; read once, and nowhere else.
//!
//! Inside GitHub Actions, the runner's `GITHUB_*` variables are used; outside, options or the clone provide the same values.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lockgate_client::Network;
use lockgate_core::escape::quoted;
use lockgate_core::{Login, RepositoryName};
use lockgate_forge::Token;
use lockgate_forge::github::{App, Config, GitHub, Permission, SignInError};
use lockgate_http::{Clock, ConfigError, Proxies, Proxy};

use crate::cli::Global;
use crate::command_error::CommandError;
use crate::event::Event;
use crate::exit::Failure;
use crate::git::{self, Git};
use crate::observe::remote::fetch_failure;
use crate::reading::network;

/// The process's environment and the global options.
pub struct ProcessEnv {
    vars: BTreeMap<String, String>,
    /// Variables whose value is not UTF-8, each with the lossy text of its value.
    not_text: BTreeMap<String, String>,
    /// The folder that the command works in.
    pub dir: PathBuf,
    /// The config named by `--config`.
    pub config: Option<PathBuf>,
    /// The git remote for the repository on GitHub.
    pub remote: String,
    repo: Option<String>,
    forge: Option<String>,
    /// The permissions that the command needs from an App's token; none if it writes nothing as an App.
    pub rights: &'static [Permission],
    app_login: OnceCell<Login>,
    /// The credentials that were removed from the environment before untrusted code starts; never printed.
    pub credentials: Vec<String>,
}

/// The addresses of GitHub and of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The web address, without a slash at the end.
    pub server_url: String,
    /// The address of the REST API, without a slash at the end.
    pub api_url: String,
    /// The repository.
    pub repository: RepositoryName,
}

impl ProcessEnv {
    /// Reads the environment of the process.
    pub fn read(global: &Global) -> Self {
        let (mut vars, mut not_text) = (BTreeMap::new(), BTreeMap::new());
        // Variables whose names are not UTF-8 are not Lockgate's.
        let named = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v)));
        for (name, value) in named {
            match value.into_string() {
                Ok(text) => drop(vars.insert(name, text)),
                Err(value) => {
                    not_text.insert(name, value.to_string_lossy().into_owned());
                }
            }
        }
        let dir = PathBuf::from(".");
        let (config, remote) = (global.config.clone(), global.remote.clone());
        Self {
            vars,
            not_text,
            dir,
            config,
            remote,
            repo: global.repo.clone(),
            forge: global.forge.clone(),
            rights: &[],
            credentials: Vec::new(),
            app_login: OnceCell::new(),
        }
    }

    /// Returns a variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Returns the lossy text of a variable that is set to a value that is not UTF-8.
    pub fn not_text(&self, name: &str) -> Option<&str> {
        self.not_text.get(name).map(String::as_str)
    }

    /// Returns whether a runner of GitHub Actions started the process.
    pub fn in_actions(&self) -> bool {
        self.var("GITHUB_ACTIONS") == Some("true")
    }

    /// Returns the current time, in seconds since 1970-01-01 UTC.
    pub fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }

    /// Returns the length of the `n`th pause before a re-read: 1, 2, 4, ... seconds. Rehearsals set a shorter unit.
    pub fn pause(&self, n: u32) -> Duration {
        let unit = self
            .var("LOCKGATE_PAUSE_MS")
            .and_then(|ms| ms.parse().ok())
            .unwrap_or(1000_u64);
        Duration::from_millis(unit.saturating_mul(1 << n.min(5)))
    }

    /// Opens the clone that the command works in.
    pub fn git(&self) -> Result<Git, Failure> {
        Git::open(&self.dir).map_err(Failure::from)
    }

    /// Reads the event that started the workflow, if there is one.
    pub fn event(&self) -> Result<Option<Event>, Failure> {
        let Some(path) = self.var("GITHUB_EVENT_PATH") else {
            return Ok(None);
        };
        let wrong = |problem: String| CommandError::BadEvent {
            path: quoted(path),
            problem,
        };
        let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let event = Event::parse(&bytes)
            .map_err(|error| wrong(lockgate_core::escape::line(&error.to_string())))?;
        Ok(Some(event))
    }

    /// Returns the addresses of GitHub and of the repository.
    ///
    /// The repository is that of `--repo`, else `GITHUB_REPOSITORY`, else the last two parts of the remote's address.
    pub fn place(&self) -> Result<Place, Failure> {
        self.place_at(Some(&self.remote))
    }

    /// Returns the same for another remote, or without one.
    pub fn place_at(&self, remote: Option<&str>) -> Result<Place, Failure> {
        let server_url = self
            .forge
            .as_deref()
            .or(self.var("GITHUB_SERVER_URL"))
            .unwrap_or("https://github.com");
        let server_url = checked_url("--forge", server_url)?;
        let api_url = match self.var("GITHUB_API_URL").filter(|_| self.forge.is_none()) {
            Some(url) => checked_url("GITHUB_API_URL", url)?,
            None if server_url == "https://github.com" => "https://api.github.com".to_owned(),
            None => format!("{server_url}/api/v3"),
        };
        let named = self.repo.as_deref().or(self.var("GITHUB_REPOSITORY"));
        let repository = match named {
            Some(name) => name.parse().map_err(|_| CommandError::BadValue {
                name: if self.repo.is_some() {
                    "--repo"
                } else {
                    "GITHUB_REPOSITORY"
                },
                value: quoted(name),
                expected: "of the form OWNER/NAME",
            })?,
            // Git is started only if needed: `fetch` runs before other programs, and must be quick.
            None => remote
                .and_then(|remote| repository_of_remote(&git::remote_url(&self.dir, remote)?))
                .ok_or(CommandError::Unsaid {
                    what: "which repository on the forge is meant",
                    how: "name it with --repo OWNER/NAME",
                })?,
        };
        Ok(Place {
            server_url,
            api_url,
            repository,
        })
    }

    /// Returns the client for GitHub, with the environment's token if there is one; else with one for the environment's App.
    pub fn forge(&self, place: &Place) -> Result<GitHub, Failure> {
        self.forge_over(place, &Network::default())
    }

    /// The same, with what options say about the network.
    pub fn forge_over(&self, place: &Place, named: &Network) -> Result<GitHub, Failure> {
        let token = self
            .var("GITHUB_TOKEN")
            .or(self.var("GH_TOKEN"))
            .map(Token::new);
        let mut config = Config::new(&place.api_url, place.repository.clone(), token);
        self.set_network(&mut config, &network(self, named)?)
            .map_err(|problem| fetch_failure(&problem.into()))?;
        config.clock = self.clock();
        if let Some(app) = self.app()? {
            let signed_in = app.sign_in(&config, self.rights);
            let signed_in = signed_in.map_err(|error| match error {
                SignInError::Config(problem) => settings(&problem),
                SignInError::Forge(error) => CommandError::from(error),
            })?;
            config.token = Some(signed_in.token);
            // A second call in the same process finds the same App.
            let _ = self.app_login.set(signed_in.login);
        }
        Ok(GitHub::new(config).map_err(|problem| settings(&problem))?)
    }

    /// Applies the network's settings to the adapter, whose calls are shorter than downloads.
    fn set_network(&self, config: &mut Config, network: &Network) -> Result<(), ConfigError> {
        let http = &mut config.http;
        let timeouts = &mut http.policy.timeouts;
        if let Some(idle) = network.timeout.map(Duration::from_secs) {
            timeouts.limit_silence(idle);
            timeouts.total = idle;
        }
        if let Some(total) = network.total_timeout.map(Duration::from_secs) {
            timeouts.total = timeouts.total.min(total);
        }
        http.policy.attempts = network.attempts().unwrap_or(http.policy.attempts);
        http.ca_files.clone_from(&network.ca_files);
        let proxy = network.proxy.clone().map(Proxy::Through);
        let lookup = |name: &str| self.var(name).map(ToOwned::to_owned);
        http.proxies = Proxies::with(&proxy.unwrap_or_default(), lookup)?;
        Ok(())
    }

    /// The clock. Rehearsals and tests set a shorter second for its waits.
    pub fn clock(&self) -> Clock {
        Clock::scaled(self.pause(0))
    }

    /// The App of the environment, for the commands that write in its name.
    fn app(&self) -> Result<Option<App>, CommandError> {
        let (id, key) = (self.var("LOCKGATE_APP_ID"), self.var("LOCKGATE_APP_KEY"));
        match (id, key) {
            _ if self.rights.is_empty() => Ok(None),
            (None, None) => Ok(None),
            (Some(id), Some(key)) => App::new(id, key)
                .map(Some)
                .map_err(|error| settings(&error)),
            (Some(_), None) => Err(settings(
                &"LOCKGATE_APP_ID is set and LOCKGATE_APP_KEY is not: does the job name the environment that holds it?",
            )),
            (None, Some(_)) => Err(settings(
                &"LOCKGATE_APP_KEY is set and LOCKGATE_APP_ID is not",
            )),
        }
    }

    /// Returns the account in whose name the App writes, once the client for GitHub was created.
    pub fn app_login(&self) -> Option<&Login> {
        self.app_login.get()
    }

    /// Returns whether an option names the repository, rather than the runner.
    pub fn names_repository(&self) -> bool {
        self.repo.is_some()
    }

    /// The account in whose name the command runs: inside Actions the one who triggered the run, else the token's.
    pub fn actor(&self) -> Option<Login> {
        let name = self
            .var("GITHUB_TRIGGERING_ACTOR")
            .or(self.var("GITHUB_ACTOR"))?;
        // Outside Actions any user can set these variables, so the token decides.
        self.in_actions().then(|| name.parse().ok()).flatten()
    }
}

fn settings(problem: &dyn std::fmt::Display) -> CommandError {
    let problem = problem.to_string();
    CommandError::Settings { problem }
}

fn checked_url(name: &'static str, url: &str) -> Result<String, CommandError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b":/.-_[]~".contains(&b);
    let url = url.trim_end_matches('/');
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && rest.bytes().all(plain) => Ok(url.to_owned()),
        _ => Err(CommandError::BadValue {
            name,
            value: quoted(url),
            expected: "an address such as https://github.com",
        }),
    }
}

fn repository_of_remote(url: &str) -> Option<RepositoryName> {
    let path = url.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let (rest, name) = path.rsplit_once('/')?;
    let owner = rest.rsplit(['/', ':']).next()?;
    format!("{owner}/{name}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_read_from_every_form_of_address() {
        for url in [
            "https://github.com/o/r.git",
            "https://github.com/o/r",
            "git@github.com:o/r.git",
            "ssh://git@host:22/o/r",
            "/srv/git/o/r.git",
            "https://github.com/o/r/",
            "https://github.com/o/r.git/",
        ] {
            assert_eq!(repository_of_remote(url), "o/r".parse().ok(), "{url}");
        }
        assert_eq!(repository_of_remote("nonsense"), None);
    }

    #[test]
    fn an_address_with_room_for_mischief_is_refused() {
        for url in [
            "",
            "ftp://x",
            "https://",
            "https://a@b",
            "https://x/?q",
            "http://x\n",
        ] {
            assert!(checked_url("--forge", url).is_err(), "{url:?}");
        }
        assert_eq!(
            checked_url("--forge", "http://127.0.0.1:8080/"),
            Ok("http://127.0.0.1:8080".to_owned())
        );
    }
}
