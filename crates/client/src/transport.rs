//! The connections of the HTTP library: where they lead, and how plain `http` goes through a proxy.
//!
//! The library's own connector tries a host's addresses one after the other, and asks every proxy for a tunnel. Proxies
//! commonly allow tunnels to port 443 only, so a plain address is sent to the proxy in full, as RFC 9112 (3.2.2)
//! specifies and `curl` does. Knows neither redirects nor time limits.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Error, Timeout};

use crate::dial::{Attempt, Dialer};
use crate::stop::Stop;

/// A proxy that receives plain addresses in full.
#[derive(Debug, Clone)]
pub(crate) struct Forward {
    /// Its address.
    pub(crate) uri: Uri,
    /// The header with its own user name and password, if it has them.
    pub(crate) login: Option<String>,
}

/// Makes connections to servers or to a proxy.
#[derive(Debug)]
pub(crate) struct Connect {
    pub(crate) dialer: Arc<Dialer>,
    /// The proxy, as it is shown, if every connection is one to it.
    pub(crate) proxy: Option<String>,
    pub(crate) forward: Option<Forward>,
    pub(crate) stop: Stop,
}

impl<In: Transport> Connector<In> for Connect {
    type Out = Either<In, Tcp>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        // A tunnel that exists already.
        if let Some(chained) = chained {
            return Ok(Some(Either::A(chained)));
        }
        let attempt: Arc<Attempt<TcpStream>> = Arc::new(connect);
        let retry_budget = details.timeout.not_zero().map(|left| *left);
        let (dialer, addresses) = (Arc::clone(&self.dialer), details.addrs.to_vec());
        let dial = move || dialer.dial(&addresses, retry_budget, &attempt);
        let stream = self
            .stop
            .run(dial)
            .flatten()
            .map_err(|error| named(error, self.proxy.as_deref()))?;
        let (input, output) = (
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        let authority = details.uri.authority().map(ToString::to_string);
        Ok(Some(Either::B(Tcp {
            stream,
            buffers: LazyBuffers::new(input, output),
            forward: self.forward.clone().zip(authority),
            stop: self.stop.clone(),
        })))
    }
}

fn connect(address: SocketAddr, retry_budget: Option<Duration>) -> io::Result<TcpStream> {
    let stream = match retry_budget {
        // An attempt is not refused at once because no time is left.
        Some(retry_budget) => {
            TcpStream::connect_timeout(&address, retry_budget.max(Duration::from_millis(1)))
        }
        None => TcpStream::connect(address),
    }?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Adds the proxy's name to the error of a connection to the proxy.
fn named(error: io::Error, proxy: Option<&str>) -> Error {
    let timed_out = error.kind() == io::ErrorKind::TimedOut;
    match proxy {
        Some(proxy) if timed_out => {
            let text = format!("the proxy {proxy} does not answer");
            io::Error::new(io::ErrorKind::TimedOut, text).into()
        }
        Some(proxy) => {
            let text = format!("the proxy {proxy} cannot be reached: {error}");
            io::Error::new(error.kind(), text).into()
        }
        None if timed_out => Error::Timeout(Timeout::Connect),
        None => error.into(),
    }
}

/// Resolves names with the system: the server's, or the proxy's.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// The proxy, as it is shown, if every name is the proxy's.
    pub(crate) proxy: Option<String>,
    pub(crate) forward: Option<Forward>,
    /// In tests: the addresses that every name resolves to.
    pub(crate) fixed: Vec<SocketAddr>,
    pub(crate) stop: Stop,
}

impl Resolver for Lookup {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        if !self.fixed.is_empty() {
            let mut all = self.empty();
            self.fixed.iter().for_each(|address| all.push(*address));
            return Ok(all);
        }
        let uri = self.forward.as_ref().map_or(uri, |forward| &forward.uri);
        let (uri, config) = (uri.clone(), config.clone());
        let look_up = move || DefaultResolver::default().resolve(&uri, &config, timeout);
        let found = self.stop.run(look_up).map_err(Error::from).flatten();
        found.map_err(|error| match (&self.proxy, error) {
            (Some(proxy), error) => {
                let text = format!("the proxy {proxy} cannot be reached: {error}");
                io::Error::other(text).into()
            }
            (None, error) => error,
        })
    }
}

/// A connection over TCP.
#[derive(Debug)]
pub(crate) struct Tcp {
    stream: TcpStream,
    buffers: LazyBuffers,
    /// The proxy at the other end, and the server that is requested through it.
    forward: Option<(Forward, String)>,
    stop: Stop,
}

impl Drop for Tcp {
    fn drop(&mut self) {
        // Explicitly: a child that was forked meanwhile has a copy, and would keep the connection open.
        drop(self.stream.shutdown(Shutdown::Both));
    }
}

impl Transport for Tcp {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = checked(timeout.for_write())?;
        self.stream
            .set_write_timeout(timeout.not_zero().map(|left| *left))?;
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        let written = match &self.forward {
            Some((proxy, server)) => self.stream.write_all(&in_full(output, proxy, server)),
            None => self.stream.write_all(output),
        };
        written.map_err(|error| late(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = checked(timeout.for_read())?;
        let left = timeout.not_zero().map(|left| *left);
        let begun = Instant::now();
        let count = loop {
            let left = left.map(|left| left.saturating_sub(begun.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Error::Timeout(timeout.reason));
            }
            self.stop.check()?;
            let slice = self.stop.slice(left);
            self.stream.set_read_timeout(slice)?;
            match self.stream.read(self.buffers.input_append_buf()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if slice != left && is_late(&error) => {}
                read => break read.map_err(|error| late(error, timeout))?,
            }
        };
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        let mut look = || {
            self.stream.set_nonblocking(true)?;
            // No byte may arrive before a request.
            let read = self.stream.read(&mut [0]);
            self.stream.set_nonblocking(false)?;
            read
        };
        look().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// Rewrites the head of a request with the whole address in its first line, for a proxy. The library writes the head in
/// one piece, which begins with the method.
fn in_full(output: &[u8], proxy: &Forward, server: &str) -> Vec<u8> {
    let Some(rest) = output.strip_prefix(b"GET /") else {
        return output.to_vec();
    };
    let mut all = format!("GET http://{server}/").into_bytes();
    let line = rest.windows(2).position(|two| two == b"\r\n");
    let (first, headers) = rest.split_at(line.map_or(rest.len(), |end| end + 2));
    all.extend_from_slice(first);
    if let (Some(login), Some(_)) = (&proxy.login, line) {
        all.extend_from_slice(format!("Proxy-Authorization: {login}\r\n").as_bytes());
    }
    all.extend_from_slice(headers);
    all
}

fn checked(timeout: NextTimeout) -> Result<NextTimeout, Error> {
    if timeout.after.is_zero() {
        return Err(Error::Timeout(timeout.reason));
    }
    Ok(timeout)
}

fn late(error: io::Error, timeout: NextTimeout) -> Error {
    match is_late(&error) {
        true => Error::Timeout(timeout.reason),
        false => error.into(),
    }
}

/// Whether an error is a time-out: its kind depends on the system.
fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_asked_for_the_whole_address_and_told_who_asks() {
        let proxy = |login: Option<&str>| Forward {
            uri: Uri::from_static("http://proxy:3128"),
            login: login.map(str::to_owned),
        };
        let head = b"GET /x?y HTTP/1.1\r\nhost: a:8\r\n\r\n";
        let text = |login| String::from_utf8(in_full(head, &proxy(login), "a:8")).unwrap();
        let line = "GET http://a:8/x?y HTTP/1.1\r\n";
        assert_eq!(text(None), format!("{line}host: a:8\r\n\r\n"));
        let login = "Proxy-Authorization: Basic bWU6\r\n";
        assert_eq!(
            text(Some("Basic bWU6")),
            format!("{line}{login}host: a:8\r\n\r\n")
        );
        assert_eq!(in_full(b"rest", &proxy(None), "a:8"), b"rest");
    }
}
