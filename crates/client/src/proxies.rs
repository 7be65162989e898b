//! Chooses the proxy for an address. The environment is read through a function, so that this can be tested.
//!
//! The rules are those that `curl` and Go share: `HTTPS_PROXY` for `https`, `HTTP_PROXY` for `http`, `ALL_PROXY` for
//! both if those are not set, names in lower case too; [`NoProxy`] holds the exceptions. This machine is never reached
//! through a proxy that the environment names.

use crate::address::Address;
use crate::error::{FetchError, quoted_address};
use crate::names::not_usable;
use crate::no_proxy::NoProxy;
use crate::options::Proxy;

/// The configured proxies.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Proxies {
    https: Option<String>,
    http: Option<String>,
    except: NoProxy,
    /// Whether this machine is reached through them too.
    even_this_machine: bool,
}

impl Proxies {
    /// Resolves the option, reading the environment if it requires that.
    ///
    /// # Errors
    /// [`FetchError::InvalidInput`] for a malformed address of a proxy. It is not shown: it may hold a password.
    pub(crate) fn new(option: &Proxy) -> Result<Self, FetchError> {
        // A value that is not UTF-8 is not an address either, and must be an error, not be ignored.
        let lossy = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        Self::with(option, |name| std::env::var_os(name).map(lossy))
    }

    pub(crate) fn with(
        option: &Proxy,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, FetchError> {
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
            match (option, is_socks(text)) {
                // The environment's proxy may not be needed.
                (Proxy::Environment | Proxy::Direct, true) => continue,
                (Proxy::Through(_), true) => return Err(socks(text)),
                (_, false) => {}
            }
            if ureq::Proxy::new(text).is_err() {
                let expected = "the address of a proxy, such as http://proxy.example:3128";
                return Err(not_usable("the proxy", expected));
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

    /// Returns the proxy for an address, if it has one. Whether its kind is supported: [`is_socks`].
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

/// Whether an address is of a kind of proxy that is not supported.
pub(crate) fn is_socks(text: &str) -> bool {
    let start = text.get(..5).unwrap_or_default();
    start.eq_ignore_ascii_case("socks") && text.contains(':')
}

pub(crate) fn socks(text: &str) -> FetchError {
    FetchError::Proxy {
        proxy: quoted_address(text),
    }
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
            assert_eq!(error.code(), "fetch.proxy");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
        for text in ["http://h", "h:1", "socks", "", "ä"] {
            assert!(!is_socks(text), "{text}");
        }
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
