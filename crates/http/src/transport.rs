//! Opens the connections of the HTTP library, and sends plain `http` requests through a proxy.
//!
//! The library's own connector tries a host's addresses one after the other, and asks every proxy for a tunnel. Proxies commonly
//! allow tunnels to port 443 only, so for a plain address the proxy is sent the whole address (RFC 9112, 3.2.2), as `curl` does.
//! Does not know redirects or retries.

use std::io::{self, Read as _, Write as _};
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
use crate::forward::{Forward, Forwarded};
use crate::stop::Stop;

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
        let limit = details.timeout.not_zero().map(|left| *left);
        let (dialer, addresses) = (Arc::clone(&self.dialer), details.addrs.to_vec());
        let dial = move || dialer.dial(&addresses, limit, &attempt);
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
            forward: self.forward.clone().zip(authority).map(Forwarded::new),
            stop: self.stop.clone(),
        })))
    }
}

fn connect(address: SocketAddr, limit: Option<Duration>) -> io::Result<TcpStream> {
    let stream = match limit {
        // A limit of zero is an error.
        Some(limit) => TcpStream::connect_timeout(&address, limit.max(Duration::from_millis(1))),
        None => TcpStream::connect(address),
    }?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Returns the error of a failed connection, with the proxy's name if it was one to the proxy.
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
    /// The addresses of every name.
    #[cfg(test)]
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
        #[cfg(test)]
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
    /// The proxy at the other end, if it is sent whole addresses.
    forward: Option<Forwarded>,
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
        let written = match &mut self.forward {
            Some(forwarded) => self.stream.write_all(&forwarded.rewrite(output)),
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
