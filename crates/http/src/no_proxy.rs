//! `NO_PROXY`: the hosts that are reached without a proxy, by the rules that `curl` and Go share.
//!
//! Entries are separated by commas or blanks: a host or domain, which includes its subdomains, with or without a
//! leading dot or `*.`; an address; a range of addresses, `10.0.0.0/8` or `fd00::/8`; `*` for every host. An entry with
//! a port, `host:8443` or `[::1]:8443`, applies to that port only. Other entries are ignored, as by `curl` and Go.

use std::net::IpAddr;

/// The entries of `NO_PROXY`.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct NoProxy(Vec<Entry>);

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// A host or domain in lower case, without dots around it.
    Domain(String),
    /// An address, and the number of its leading bits that are compared.
    Range(IpAddr, u32),
}

impl NoProxy {
    /// Parses the value of the variable; invalid entries are ignored.
    pub(crate) fn parse(text: &str) -> Self {
        let entries = text.split([',', ' ', '\t', '\n']);
        Self(entries.filter_map(Entry::parse).collect())
    }

    /// Returns whether a host, without brackets, is reached without a proxy.
    pub(crate) fn has(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let fits =
            |entry: &&Entry| entry.port.is_none_or(|of| of == port) && entry.hosts.has(&host);
        self.0.iter().find(fits).is_some()
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if let Some(hosts) = Hosts::parse(text) {
            return Some(Self { hosts, port: None });
        }
        let (hosts, port) = text.rsplit_once(':')?;
        let port = Some(port.parse().ok()?);
        Hosts::parse(hosts).map(|hosts| Self { hosts, port })
    }
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        let bare = |text: &str| -> Option<IpAddr> {
            let inner = text
                .strip_prefix('[')
                .and_then(|text| text.strip_suffix(']'));
            inner.unwrap_or(text).parse().ok()
        };
        if let Some(address) = bare(text) {
            return Some(Self::Range(address, width(address)));
        }
        if let Some((address, bits)) = text.split_once('/') {
            let (address, bits) = (bare(address)?, bits.parse().ok()?);
            return (bits <= width(address)).then_some(Self::Range(address, bits));
        }
        let domain = text.strip_prefix('*').unwrap_or(text);
        let domain = domain.trim_matches('.').to_ascii_lowercase();
        let fits = |c: char| !matches!(c, ':' | '[' | ']' | '*');
        (!domain.is_empty() && domain.chars().all(fits)).then_some(Self::Domain(domain))
    }

    fn has(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Domain(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            Self::Range(range, bits) => {
                let host: Option<IpAddr> = host.parse().ok();
                host.is_some_and(|host| is_in(host.to_canonical(), range.to_canonical(), *bits))
            }
        }
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn is_in(host: IpAddr, range: IpAddr, bits: u32) -> bool {
    let differs = match (host, range) {
        (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(a.to_bits() ^ b.to_bits()) << 96,
        (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() ^ b.to_bits(),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    differs.leading_zeros() >= bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_hosts_domains_addresses_and_ranges_with_or_without_a_port() {
        let table: [(&str, &[&str], &[&str]); 17] = [
            ("a.b", &["a.b", "x.a.b", "A.B."], &["xa.b", "b"]),
            (".a.b", &["x.a.b", "a.b"], &["xa.b"]),
            ("*.a.b", &["x.a.b"], &["xa.b"]),
            ("a.b.", &["a.b"], &[]),
            ("*", &["a.b", "10.0.0.1", "::1"], &[]),
            (
                "10.0.0.0/8",
                &["10.9.8.7"],
                &["11.0.0.1", "fd00::1", "10.example"],
            ),
            ("10.9.8.7/8", &["10.0.0.1"], &["11.0.0.1"]),
            ("192.168.1.128/25", &["192.168.1.200"], &["192.168.1.3"]),
            ("10.0.0.1", &["10.0.0.1"], &["10.0.0.11", "x.10.0.0.1"]),
            ("0.0.0.0/0", &["1.2.3.4"], &["::1", "a"]),
            ("fd00::/8", &["fd12::1"], &["fe80::1", "10.0.0.1"]),
            ("[fd00::]/8,::1", &["fd12::1", "::1"], &["::2"]),
            ("::ffff:10.0.0.1", &["10.0.0.1"], &["10.0.0.2"]),
            ("a:8443 b:x c:99999", &["a"], &["b", "c"]),
            ("[::1]:8443", &["::1"], &["::2"]),
            (
                "10.0.0.0/33,10.0.0.0/-1,a/8,/8,10.0.0.0/8/8",
                &[],
                &["10.0.0.1", "a"],
            ),
            (", ,.,..,*.,:,[,[],x]:8443, , ", &[], &["a", "", "10.0.0.1"]),
        ];
        for (text, direct, through) in table {
            let list = NoProxy::parse(text);
            for host in direct {
                assert!(list.has(host, 8443), "{text}: {host}");
            }
            for host in through {
                assert!(!list.has(host, 8443), "{text}: {host}");
            }
        }
        let list = NoProxy::parse("a:8443,[::1]:8443,10.0.0.0/8:8443");
        for host in ["a", "::1", "10.0.0.1"] {
            assert!(list.has(host, 8443) && !list.has(host, 443), "{host}");
        }
    }
}
