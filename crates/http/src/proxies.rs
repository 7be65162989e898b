//! Chooses the proxy for an address.
//!
//! The rules are those that `curl` and Go share: `HTTPS_PROXY` for `https`, `HTTP_PROXY` for `http`, `ALL_PROXY` for both if those
//! are not set, lower-case names as well; [`NoProxy`] is what they do not apply to. This machine is never reached through a
//! proxy that the environment names. The environment is read through a function, so that this can be tested.

use std::fmt;

use crate::escape::{quoted_address, redacted};
use crate::no_proxy::NoProxy;
use crate::{Address, ConfigError};

/// Through what to reach a server. Shown without the user name and password of a proxy.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// What `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY` (also in lower case) name, except for this machine and the hosts of
    /// `NO_PROXY`.
    #[default]
    Environment,
    /// Nothing.
    Direct,
    /// The proxy at this address, for every server.
    Through(String),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("Environment"),
            Self::Direct => f.write_str("Direct"),
            Self::Through(text) => f.debug_tuple("Through").field(&redacted(text)).finish(),
        }
    }
}

/// The proxies to use. Shown without their addresses, which can hold passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    https: Option<String>,
    http: Option<String>,
    except: NoProxy,
    /// Whether this machine is reached through them too.
    even_this_machine: bool,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies").finish_non_exhaustive()
    }
}

impl Proxies {
    /// Resolves the option with the environment of the process.
    ///
    /// # Errors
    /// [`ConfigError::Proxy`], [`ConfigError::Socks`].
    pub fn new(option: &Proxy) -> Result<Self, ConfigError> {
        // What is not text is not an address either, and must not be ignored.
        let lossy = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        Self::with(option, |name| std::env::var_os(name).map(lossy))
    }

    /// Does the same with this function in place of the environment.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with(
        option: &Proxy,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let found = match option {
            Proxy::Environment => Self::from_lookup(lookup),
            Proxy::Direct => Self::default(),
            Proxy::Through(text) => Self {
                https: Some(text.clone()),
                http: Some(text.clone()),
                except: NoProxy::default(),
                even_this_machine: true,
            },
        };
        for text in found.https.iter().chain(&found.http) {
            if is_socks(text) {
                // The environment's may not be needed.
                if let Proxy::Through(_) = option {
                    let proxy = quoted_address(text);
                    return Err(ConfigError::Socks { proxy });
                }
            } else if ureq::Proxy::new(text).is_err() {
                return Err(ConfigError::Proxy);
            }
        }
        Ok(found)
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let found = |name: &str| {
            let text = lookup(name)?.trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        let named = |name: &str| found(name).or_else(|| found(&name.to_ascii_lowercase()));
        let all = named("ALL_PROXY");
        let except = named("NO_PROXY").unwrap_or_default();
        Self {
            https: named("HTTPS_PROXY").or_else(|| all.clone()),
            http: named("HTTP_PROXY").or(all),
            except: NoProxy::parse(&except),
            even_this_machine: false,
        }
    }

    /// Returns the proxy for an address, if any. It may be one that is not supported: [`is_socks`].
    pub(crate) fn of(&self, address: &Address) -> Option<&str> {
        let proxy = if address.is_tls() {
            &self.https
        } else {
            &self.http
        };
        let (host, port) = address.host_and_port();
        let direct =
            (address.is_this_machine() && !self.even_this_machine) || self.except.has(host, port);
        proxy.as_deref().filter(|_| !direct)
    }
}

/// Returns whether a proxy is of a kind that is not supported.
pub(crate) fn is_socks(text: &str) -> bool {
    let start = text.get(..5).unwrap_or_default();
    start.eq_ignore_ascii_case("socks") && text.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Proxies::from_lookup(|name| value(name).map(|(_, value)| (*value).to_owned()))
    }

    fn of<'p>(proxies: &'p Proxies, address: &str) -> Option<&'p str> {
        proxies.of(&Address::parse(address).unwrap())
    }

    #[test]
    fn each_scheme_has_its_proxy_and_all_proxy_fills_the_gaps() {
        let found = proxies(&[
            ("https_proxy", "http://s"),
            ("HTTP_PROXY", " "),
            ("ALL_PROXY", "http://a"),
        ]);
        assert_eq!(of(&found, "https://x/"), Some("http://s"));
        assert_eq!(of(&found, "http://x/"), Some("http://a"));
        assert_eq!(
            of(&proxies(&[("HTTP_PROXY", "http://p")]), "https://x/"),
            None
        );
    }

    #[test]
    fn exceptions_are_hosts_and_domains_and_this_machine() {
        let found = proxies(&[
            ("ALL_PROXY", "http://a"),
            (
                "NO_PROXY",
                "one.example, .two.example,*.three.example,10.0.0.1,four.example:8443",
            ),
        ]);
        let table = [
            ("https://one.example/", true),
            ("https://sub.ONE.example/", true),
            ("https://anotherone.example/", false),
            ("https://sub.two.example/", true),
            ("https://x.three.example/", true),
            ("http://10.0.0.1/", true),
            ("http://10.0.0.11/", false),
            ("https://four.example/", false),
            ("https://four.example:8443/", true),
            ("http://127.0.0.1:80/", true),
            ("http://[::1]:80/", true),
            ("http://localhost/", true),
            ("http://api.github.localhost/", true),
            ("https://example/", false),
        ];
        for (address, direct) in table {
            assert_eq!(of(&found, address).is_none(), direct, "{address}");
        }
        let none = proxies(&[("ALL_PROXY", "http://a"), ("NO_PROXY", "*")]);
        assert_eq!(of(&none, "https://x/"), None);
    }

    #[test]
    fn a_socks_proxy_is_told_by_its_scheme() {
        for text in [
            "socks5://me:secret@h:1",
            "socks5h://h",
            "SOCKS4a://h",
            "socks://h",
        ] {
            assert!(is_socks(text), "{text}");
            let error = Proxies::new(&Proxy::Through(text.to_owned()))
                .err()
                .unwrap();
            assert!(matches!(error, ConfigError::Socks { .. }));
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
        for text in ["http://h", "h:1", "socks", "", "ä"] {
            assert!(!is_socks(text), "{text}");
        }
    }

    #[test]
    fn the_password_of_a_proxy_is_not_shown() {
        let proxy = Proxy::Through("http://me:secret@proxy:3128".to_owned());
        assert_eq!(format!("{proxy:?}"), "Through(\"http://…@proxy:3128\")");
        let shown = format!("{:?}", proxies(&[("ALL_PROXY", "http://me:hunter2@a")]));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_proxy_that_was_given_is_for_every_address() {
        let given = Proxies::new(&Proxy::Through("http://p:1".to_owned())).unwrap();
        assert_eq!(of(&given, "http://127.0.0.1:80/"), Some("http://p:1"));
        let error = Proxies::new(&Proxy::Through("http://me:hunter2@".to_owned()));
        assert!(
            error
                .err()
                .is_some_and(|error| !error.to_string().contains("hunter2"))
        );
    }
}
