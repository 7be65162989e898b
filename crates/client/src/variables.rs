//! Environment variables, for programs whose users configure mirrors, cache, proxy and retries.
//!
//! The names are those of the command, so that one variable set on a machine applies to every program on it. Does not
//! read the environment itself: the caller passes a function that does. Options of a single call take precedence.

use std::ffi::OsString;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockgate_http::Proxy;

use crate::error::{FetchError, quoted};
use crate::options::Options;

/// The variables, read by the caller. An empty one counts as not set.
pub struct Variables<'v>(pub &'v dyn Fn(&str) -> Option<OsString>);

/// Network options for one call. Shown without the proxy, whose address may hold a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// The longest silence of the network, in seconds. Default: `LOCKGATE_TIMEOUT`.
    pub timeout: Option<u64>,
    /// The time limit of one file, in seconds. Default: `LOCKGATE_TOTAL_TIMEOUT`.
    pub total_timeout: Option<u64>,
    /// The number of retries. Default: `LOCKGATE_RETRIES`.
    pub retries: Option<u64>,
    /// The proxy for every address. Default: `LOCKGATE_PROXY`, then the usual variables.
    pub proxy: Option<String>,
    /// Certificates to trust in addition to the system's. Default: `LOCKGATE_CA_FILE`.
    pub ca_files: Vec<PathBuf>,
    /// The largest executable that is accepted, in bytes. Default: `LOCKGATE_MAX_SIZE`.
    pub max_size: Option<u64>,
}

/// A variable whose value is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value}, which is not {expected}")]
pub struct BadVariable {
    /// The variable's name.
    pub name: &'static str,
    /// Its value, quoted and escaped.
    pub value: String,
    /// What is expected instead.
    pub expected: &'static str,
}

impl From<BadVariable> for FetchError {
    fn from(bad: BadVariable) -> Self {
        Self::InvalidInput {
            text: format!("{}={}", bad.name, bad.value),
            expected: bad.expected,
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("timeout", &self.timeout)
            .field("total_timeout", &self.total_timeout)
            .field("retries", &self.retries)
            .field("ca_files", &self.ca_files)
            .field("max_size", &self.max_size)
            .finish_non_exhaustive()
    }
}

impl Network {
    /// Returns the options of a client without cache and mirrors.
    ///
    /// # Errors
    /// [`BadVariable`], for a variable that is used.
    pub fn options(&self, variables: &Variables<'_>) -> Result<Options, BadVariable> {
        let mut options = self.with_variables(variables)?.connection();
        let size = (self.max_size, "LOCKGATE_MAX_SIZE");
        if let Some(size) = variables.number(size, 1..=u64::MAX, "a number of bytes")? {
            options.max_size = size;
        }
        options.netrc = variables.netrc();
        options.mirror_header = variables.text("LOCKGATE_MIRROR_HEADER")?;
        Ok(options)
    }

    /// Fills in the time limits, retries, proxy and certificates that the caller does not name from the variables.
    ///
    /// # Errors
    /// [`BadVariable`], for a variable that is used.
    pub fn with_variables(&self, variables: &Variables<'_>) -> Result<Self, BadVariable> {
        let mut said = self.clone();
        let seconds = "a number of seconds";
        let timeout = (said.timeout, "LOCKGATE_TIMEOUT");
        said.timeout = variables.number(timeout, 1..=86_400, seconds)?;
        let total = (said.total_timeout, "LOCKGATE_TOTAL_TIMEOUT");
        said.total_timeout = variables.number(total, 1..=604_800, seconds)?;
        let retries = (said.retries, "LOCKGATE_RETRIES");
        said.retries = variables.number(retries, 0..=100, "a number up to 100")?;
        if said.proxy.is_none() {
            said.proxy = variables.text("LOCKGATE_PROXY")?;
        }
        if said.ca_files.is_empty() {
            let named = variables.get("LOCKGATE_CA_FILE");
            said.ca_files = named.iter().flat_map(std::env::split_paths).collect();
            said.ca_files.retain(|path| !path.as_os_str().is_empty());
        }
        Ok(said)
    }

    /// Returns the options of a client that reads no variable but the usual ones for proxies.
    pub fn connection(&self) -> Options {
        let mut options = Options::default();
        if let Some(seconds) = self.timeout {
            options.timeouts.limit_silence(Duration::from_secs(seconds));
        }
        if let Some(seconds) = self.total_timeout {
            options.timeouts.total = Duration::from_secs(seconds);
        }
        if let Some(attempts) = self.attempts() {
            options.retry.attempts = attempts;
        }
        if let Some(proxy) = &self.proxy {
            options.proxy = Proxy::Through(proxy.clone());
        }
        options.ca_files.clone_from(&self.ca_files);
        options
    }

    /// Returns the most attempts, the first one included.
    pub fn attempts(&self) -> Option<u32> {
        let retries = u32::try_from(self.retries?).unwrap_or(u32::MAX);
        Some(retries.saturating_add(1))
    }
}

impl Variables<'_> {
    /// Returns the cache directory: `LOCKGATE_CACHE`, else a folder of the account's.
    pub fn cache(&self) -> Option<PathBuf> {
        if let Some(named) = self.get("LOCKGATE_CACHE") {
            return Some(PathBuf::from(named));
        }
        let base = self
            .get("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(Path::new(&self.get("HOME")?).join(".cache")))?;
        base.is_absolute().then(|| base.join("lockgate"))
    }

    /// Returns the folder of executables that came with a program: `LOCKGATE_BUNDLED`.
    pub fn bundled(&self) -> Option<PathBuf> {
        self.get("LOCKGATE_BUNDLED").map(PathBuf::from)
    }

    /// Returns the mirrors: `LOCKGATE_MIRROR`, separated by white space. A word after a folder that is not a mirror, as
    /// it begins with neither `/` nor `.` and has no `://`, belongs to the folder's name.
    ///
    /// # Errors
    /// [`BadVariable`], if it is not UTF-8.
    pub fn mirrors(&self) -> Result<Vec<String>, BadVariable> {
        let named = self.text("LOCKGATE_MIRROR")?.unwrap_or_default();
        let is_folder = |text: &str| text.starts_with(['/', '.']);
        let mut found: Vec<&str> = Vec::new();
        let mut start = 0;
        let mut rest = named.trim_start();
        while let Some(word) = rest.split_whitespace().next() {
            let at = named.len() - rest.len();
            let end = at + word.len();
            let joins = !is_folder(word) && !word.contains("://");
            match found.last_mut().filter(|last| joins && is_folder(last)) {
                Some(last) => *last = named.get(start..end).unwrap_or(last),
                None => {
                    start = at;
                    found.push(word);
                }
            }
            rest = named.get(end..).unwrap_or_default().trim_start();
        }
        Ok(found.into_iter().map(str::to_owned).collect())
    }

    /// Returns the file with user names and passwords for mirrors: `NETRC`, else `~/.netrc`.
    pub fn netrc(&self) -> Option<PathBuf> {
        let named = self.get("NETRC").map(PathBuf::from);
        named.or_else(|| Some(Path::new(&self.get("HOME")?).join(".netrc")))
    }

    /// Returns the number of the repository that a receipt must name: the given one, else `LOCKGATE_REPOSITORY_ID`.
    ///
    /// # Errors
    /// [`BadVariable`], if the variable is used.
    pub fn repository_id(&self, given: Option<u64>) -> Result<Option<u64>, BadVariable> {
        let named = (given, "LOCKGATE_REPOSITORY_ID");
        self.number(named, 1..=u64::MAX, "the number of a repository")
    }

    fn get(&self, name: &str) -> Option<OsString> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &'static str) -> Result<Option<String>, BadVariable> {
        let text = self.get(name).map(OsString::into_string).transpose();
        text.map_err(|value| {
            let value = match name {
                // A secret.
                "LOCKGATE_MIRROR_HEADER" => "\"…\"".to_owned(),
                _ => quoted(&value.to_string_lossy()),
            };
            let expected = "UTF-8";
            BadVariable {
                name,
                value,
                expected,
            }
        })
    }

    /// Returns the given number, else the variable's.
    fn number(
        &self,
        (given, name): (Option<u64>, &'static str),
        range: RangeInclusive<u64>,
        expected: &'static str,
    ) -> Result<Option<u64>, BadVariable> {
        if given.is_some() {
            return Ok(given);
        }
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| BadVariable {
            name,
            value: quoted(&text),
            expected,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(set: &[(&str, &str)], ask: impl FnOnce(&Variables<'_>) -> T) -> T {
        let find = |name: &str| {
            let found = set.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(*value))
        };
        ask(&Variables(&find))
    }

    #[test]
    fn what_is_said_for_one_call_comes_before_the_variable_and_that_before_the_default() {
        let set = [
            ("LOCKGATE_TIMEOUT", "5"),
            ("LOCKGATE_TOTAL_TIMEOUT", "50"),
            ("LOCKGATE_RETRIES", "0"),
            ("LOCKGATE_PROXY", "http://proxy:1"),
            ("LOCKGATE_CA_FILE", "/a.pem::/b.pem"),
            ("LOCKGATE_MAX_SIZE", "70"),
            ("LOCKGATE_MIRROR_HEADER", "X-Key: 1"),
            ("HOME", "/home/me"),
        ];
        let options = read(&set, |v| Network::default().options(v)).unwrap();
        assert_eq!(options.timeouts.idle, Duration::from_secs(5));
        assert_eq!(options.timeouts.connect, Duration::from_secs(5));
        assert_eq!(options.timeouts.total, Duration::from_secs(50));
        assert_eq!(options.retry.attempts, 1);
        assert_eq!(options.proxy, Proxy::Through("http://proxy:1".to_owned()));
        assert_eq!((options.ca_files.len(), options.max_size), (2, 70));
        assert_eq!(options.netrc, Some("/home/me/.netrc".into()));
        assert_eq!(options.mirror_header.as_deref(), Some("X-Key: 1"));
        let said = Network {
            timeout: Some(60),
            total_timeout: Some(70),
            retries: Some(4),
            proxy: Some("http://other:1".to_owned()),
            ca_files: vec!["/c.pem".into()],
            max_size: Some(80),
        };
        let options = read(&set, |v| said.options(v)).unwrap();
        assert_eq!(options.timeouts.idle, Duration::from_secs(60));
        assert_eq!(options.timeouts.connect, Duration::from_secs(15));
        assert_eq!((options.retry.attempts, options.max_size), (5, 80));
        assert_eq!(options.proxy, Proxy::Through("http://other:1".to_owned()));
        assert_eq!(options.ca_files, [PathBuf::from("/c.pem")]);
        let options = read(&[("LOCKGATE_PROXY", "")], |v| Network::default().options(v));
        assert_eq!(options.unwrap().proxy, Proxy::Environment);
    }

    #[test]
    fn the_places_are_those_of_the_command() {
        let cache = |set: &[(&str, &str)]| read(set, |v| v.cache());
        let home = ("HOME", "/home/me");
        assert_eq!(cache(&[home]), Some("/home/me/.cache/lockgate".into()));
        let xdg = ("XDG_CACHE_HOME", "/x");
        assert_eq!(cache(&[home, xdg]), Some("/x/lockgate".into()));
        let named = ("LOCKGATE_CACHE", "c");
        assert_eq!(cache(&[home, xdg, named]), Some("c".into()));
        assert_eq!(cache(&[("HOME", "not/absolute")]), None);
        assert_eq!(cache(&[]), None);
        let mirrors = read(&[("LOCKGATE_MIRROR", " https://a  ./b ")], |v| v.mirrors());
        assert_eq!(mirrors.unwrap(), ["https://a", "./b"]);
        for (named, expected) in [
            ("/m s", &["/m s"][..]),
            (
                " /m  s  t /u\thttp://v w ",
                &["/m  s  t", "/u", "http://v", "w"],
            ),
            ("../m s ./n https://v", &["../m s", "./n", "https://v"]),
            ("/é ü\u{2003}ß", &["/é ü\u{2003}ß"]),
            // Not a mirror, and refused as such.
            ("htps:/a b", &["htps:/a", "b"]),
            (" ", &[]),
        ] {
            let mirrors = read(&[("LOCKGATE_MIRROR", named)], |v| v.mirrors());
            assert_eq!(mirrors.unwrap(), expected);
        }
        let bundled = read(&[("LOCKGATE_BUNDLED", "/b")], |v| v.bundled());
        assert_eq!(bundled, Some("/b".into()));
    }

    #[test]
    fn a_value_that_is_none_is_named_unless_another_counts() {
        for (name, value) in [
            ("LOCKGATE_TIMEOUT", "0"),
            ("LOCKGATE_TOTAL_TIMEOUT", "soon"),
            ("LOCKGATE_RETRIES", "101"),
            ("LOCKGATE_MAX_SIZE", "2G"),
        ] {
            let bad = read(&[(name, value)], |v| Network::default().options(v));
            let bad = bad.err().unwrap();
            assert_eq!((bad.name, bad.value), (name, format!("\"{value}\"")));
        }
        let set = [("LOCKGATE_REPOSITORY_ID", "0")];
        let bad = read(&set, |v| v.repository_id(None)).unwrap_err();
        assert_eq!(FetchError::from(bad).code(), "fetch.not-usable");
        assert_eq!(read(&set, |v| v.repository_id(Some(7))), Ok(Some(7)));
    }

    /// Each variable with a byte that is not UTF-8: a path is used as it is, any other value is an error that names the
    /// variable.
    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_utf_8_are_a_path_or_an_error_but_never_ignored() {
        use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
        let odd = |_: &str| Some(OsString::from_vec(b"/m\xff\"e".to_vec()));
        let only = |wanted: &'static str| move |name: &str| odd(name).filter(|_| name == wanted);
        let path = |parts: &[&[u8]]| PathBuf::from(OsString::from_vec(parts.concat()));
        let odd_path = path(&[b"/m\xff\"e"]);
        let below_home = path(&[b"/m\xff\"e", b"/.cache/lockgate"]);
        let below_xdg = path(&[b"/m\xff\"e", b"/lockgate"]);
        for (name, expected) in [
            ("LOCKGATE_CACHE", &odd_path),
            ("XDG_CACHE_HOME", &below_xdg),
            ("HOME", &below_home),
        ] {
            assert_eq!(Variables(&only(name)).cache().as_ref(), Some(expected));
        }
        let bundled = Variables(&only("LOCKGATE_BUNDLED")).bundled();
        assert_eq!(bundled.unwrap().as_os_str().as_bytes(), b"/m\xff\"e");
        let ca_file = only("LOCKGATE_CA_FILE");
        let options = Network::default().options(&Variables(&ca_file)).unwrap();
        assert_eq!(options.ca_files, [odd_path]);
        for name in [
            "LOCKGATE_TIMEOUT",
            "LOCKGATE_TOTAL_TIMEOUT",
            "LOCKGATE_RETRIES",
            "LOCKGATE_PROXY",
            "LOCKGATE_MAX_SIZE",
            "LOCKGATE_MIRROR",
            "LOCKGATE_MIRROR_HEADER",
            "LOCKGATE_REPOSITORY_ID",
        ] {
            let only = only(name);
            let variables = Variables(&only);
            let options = Network::default().options(&variables).map(drop);
            let mirrors = variables.mirrors().map(drop);
            let number = variables.repository_id(None).map(drop);
            let bad = options.and(mirrors).and(number).unwrap_err();
            let value = match name {
                "LOCKGATE_MIRROR_HEADER" => "\"…\"",
                _ => r#""/m\u{fffd}\"e""#,
            };
            assert_eq!(
                (bad.name, bad.value.as_str(), bad.expected),
                (name, value, "UTF-8")
            );
        }
    }
}
