//! Chooses the proxy for a request. The environment is read through a function, so that this can be tested.
//!
//! The rules are those of Go's `net/http`, which `gh` follows: `HTTPS_PROXY` for `https`, `HTTP_PROXY` for `http`,
//! `ALL_PROXY` for both if those are not set, lower-case names as well; `NO_PROXY` lists hosts and domains; the machine
//! itself is never reached through a proxy. Address ranges in `NO_PROXY` are not supported.

use std::fmt;
use std::net::IpAddr;

use super::address::{host_and_port, is_secure};

/// The proxies that the environment names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    https: Option<String>,
    http: Option<String>,
    except: Vec<String>,
}

impl Proxies {
    /// Uses no proxies.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads the variables through `lookup`, such as `|name| std::env::var(name).ok()`.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let named = |name: &str| {
            let found = |name: &str| {
                lookup(name)
                    .map(|text| text.trim().to_owned())
                    .filter(|text| !text.is_empty())
            };
            found(name).or_else(|| found(&name.to_ascii_lowercase()))
        };
        let all = named("ALL_PROXY");
        let except = named("NO_PROXY").unwrap_or_default();
        Self {
            https: named("HTTPS_PROXY").or_else(|| all.clone()),
            http: named("HTTP_PROXY").or(all),
            except: except
                .split(',')
                .map(|entry| entry.trim().to_ascii_lowercase())
                .filter(|entry| !entry.is_empty())
                .collect(),
        }
    }

    /// Returns the proxy for an address, if any.
    pub(super) fn of(&self, url: &str) -> Option<&str> {
        let proxy = if is_secure(url) {
            &self.https
        } else {
            &self.http
        };
        let (host, port) = host_and_port(url)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let direct = is_this_machine(host)
            || self
                .except
                .iter()
                .any(|entry| is_excepted(entry, host, port));
        proxy.as_deref().filter(|_| !direct)
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn is_excepted(entry: &str, host: &str, port: u16) -> bool {
    let named = match entry.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') => {
            if digits.parse() != Ok(port) {
                return false;
            }
            name
        }
        _ => entry,
    };
    let domain = named.trim_start_matches('*').trim_start_matches('.');
    named == "*"
        || (!domain.is_empty()
            && (host == domain
                || host
                    .strip_suffix(domain)
                    .is_some_and(|rest| rest.ends_with('.'))))
}

impl fmt::Debug for Proxies {
    /// The address of a proxy may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |proxy: &Option<String>| proxy.as_ref().map(|_| "…");
        f.debug_struct("Proxies")
            .field("https", &shown(&self.https))
            .field("http", &shown(&self.http))
            .field("except", &self.except)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_lookup(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn each_scheme_has_its_proxy_and_all_proxy_fills_the_gaps() {
        let found = proxies(&[
            ("https_proxy", "http://s"),
            ("HTTP_PROXY", " "),
            ("ALL_PROXY", "http://a"),
        ]);
        assert_eq!(found.of("https://x/"), Some("http://s"));
        assert_eq!(found.of("http://x/"), Some("http://a"));
        assert_eq!(
            proxies(&[("HTTP_PROXY", "http://p")]).of("https://x/"),
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
        for (url, direct) in table {
            assert_eq!(found.of(url).is_none(), direct, "{url}");
        }
        assert_eq!(
            proxies(&[("ALL_PROXY", "http://a"), ("NO_PROXY", "*")]).of("https://x/"),
            None
        );
    }

    #[test]
    fn a_proxys_password_does_not_show() {
        let shown = format!("{:?}", proxies(&[("ALL_PROXY", "http://me:hunter2@a")]));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
