//! One GET request: redirects followed by this module, status mapped to an outcome, time limits, ranges.
//!
//! Anonymous, except for the login of a mirror, which is sent to that server only. Addresses cannot hold a credential,
//! and cookies are not compiled in (a proxy's own user name is sent to that proxy). A panic of the HTTP library becomes
//! an error. Does not know what the bytes are, nor the number of attempts.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ureq::Body;
use ureq::http::{Response, Version, header};

use crate::address::Address;
use crate::agents::{Agents, Route};
use crate::error::{FetchError, plain};
use crate::login::Login;
use crate::options::Options;
pub(crate) use crate::transfer_error::{RetryAdvice, TransferError, broken, later, never};
use crate::transfer_error::{classified, from_the_start, refused};
use crate::web_page::{is_html, is_web_page};

/// The largest number of redirects that are followed.
const MOST_REDIRECTS: usize = 5;
/// The limit for an unwanted body that is read so that its connection can be reused, in bytes.
const WORTH_READING: u64 = 64 * 1024;

/// The network, as an anonymous reader needs it.
pub(crate) struct Net {
    agents: Agents,
    idle: Duration,
    total: Duration,
}

/// The byte to resume from, and the validator of the first part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resume<'r> {
    pub(crate) from: u64,
    /// The strong validator of the first part, if the server sent one.
    pub(crate) etag: Option<&'r str>,
}

/// A response whose body has begun to arrive.
pub(crate) struct Arriving {
    pub(crate) body: Box<dyn Read>,
    /// The position of the first byte in the file.
    pub(crate) from: u64,
    /// The size of the whole file, if the server sent it.
    pub(crate) size: Option<u64>,
    /// Whether the end of the body can be distinguished from a broken connection.
    pub(crate) framed: bool,
    /// The strong validator, if the server sent one.
    pub(crate) etag: Option<String>,
}

impl Net {
    pub(crate) fn new(options: &Options) -> Result<Self, FetchError> {
        Ok(Self {
            agents: Agents::new(options)?,
            idle: options.timeouts.idle,
            total: options.timeouts.total,
        })
    }

    /// Returns how long a server may be silent.
    pub(crate) fn idle(&self) -> Duration {
        self.idle
    }

    /// Returns the end of the time for a transfer that begins now.
    pub(crate) fn deadline(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.total)
            .unwrap_or(now + Duration::from_secs(1 << 30))
    }

    /// Requests an address and follows redirects until a body begins. The login is sent to its server only, and not
    /// again after a redirect to another server.
    pub(crate) fn get(
        &self,
        address: &Address,
        resume: Option<Resume<'_>>,
        login: Option<&Login>,
        deadline: Instant,
    ) -> Result<Arriving, TransferError> {
        let mut at = address.clone();
        let mut login = login.filter(|login| login.is_for(address));
        for _ in 0..=MOST_REDIRECTS {
            let route = guarded(|| self.agents.of(&at)).map_err(never)??;
            let proxy = route.proxy.as_deref();
            let response = ask(&route, &at, resume, login, deadline)?;
            match response.status().as_u16() {
                200 => return whole(response, &at),
                206 if resume.is_some() => return part(response, resume),
                416 if resume.is_some() => {
                    return Err(from_the_start("it has no such part of the file"));
                }
                301 | 302 | 303 | 307 | 308 => {
                    let location = header(&response, header::LOCATION).unwrap_or_default();
                    at = at.follow(location).map_err(never)?;
                    login = login.filter(|login| login.is_for(&at));
                    read_rest(response);
                }
                status @ (401 | 403 | 511) if is_html(&response) => {
                    let at = at.to_string();
                    return Err(TransferError::WebPage { at, status });
                }
                status => {
                    let refused = refused(status, &response).through(proxy);
                    read_rest(response);
                    return Err(refused);
                }
            }
        }
        Err(never(format!(
            "it redirects more than {MOST_REDIRECTS} times"
        )))
    }
}

fn ask(
    route: &Route,
    at: &Address,
    resume: Option<Resume<'_>>,
    login: Option<&Login>,
    deadline: Instant,
) -> Result<Response<Body>, TransferError> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(never("it took too long".to_owned()));
    }
    let call = || {
        let mut request = route
            .agent
            .get(at.in_full())
            .header(header::ACCEPT, "*/*")
            .header(header::ACCEPT_ENCODING, "identity");
        if let Some(resume) = resume {
            request = request.header(header::RANGE, format!("bytes={}-", resume.from));
            if let Some(etag) = resume.etag {
                request = request.header(header::IF_RANGE, etag);
            }
        }
        if let Some(login) = login {
            request = request.header(&login.name, &login.value);
        }
        request.config().timeout_global(Some(left)).build().call()
    };
    let mut answer = guarded(call).map_err(never)?;
    // A server may close a connection at the moment when it is reused (RFC 9110, 9.2.2).
    let was_kept = route.kept.swap(false, Ordering::Relaxed);
    if was_kept && answer.as_ref().is_err_and(is_closed) {
        answer = guarded(call).map_err(never)?;
    }
    route.kept.store(answer.is_ok(), Ordering::Relaxed);
    answer.map_err(|error| classified(&error, route.proxy.as_deref()))
}

fn is_closed(error: &ureq::Error) -> bool {
    use io::ErrorKind as Kind;
    let closed = [
        Kind::UnexpectedEof,
        Kind::ConnectionReset,
        Kind::ConnectionAborted,
        Kind::BrokenPipe,
    ];
    matches!(error, ureq::Error::Io(error) if closed.contains(&error.kind()))
}

/// Calls the HTTP library and turns its panics, which are bugs of its own, into errors.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let text = text.unwrap_or_default();
        format!("the HTTP library failed: {}", plain(&text))
    })
}

/// A body whose panics become errors.
struct Guarded<R>(R);

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        guarded(|| self.0.read(buffer)).unwrap_or_else(|panic| Err(io::Error::other(panic)))
    }
}

/// Reads a short unwanted body, so that its connection can be reused.
fn read_rest(response: Response<Body>) {
    let short = |size| size <= WORTH_READING;
    if response.body().content_length().is_none_or(short) {
        let body = Guarded(response.into_body().into_reader());
        // An error here costs a connection, no more.
        drop(io::copy(&mut body.take(WORTH_READING), &mut io::sink()));
    }
}

fn whole(response: Response<Body>, at: &Address) -> Result<Arriving, TransferError> {
    let size = response.body().content_length();
    let html = is_html(&response);
    let mut arriving = arriving(response, 0, size)?;
    let mut first = [0; 512];
    let read = arriving.body.read(&mut first);
    let first = &first[..*read.as_ref().unwrap_or(&0)];
    if is_web_page(html, first) {
        let at = at.to_string();
        return Err(TransferError::WebPage { at, status: 200 });
    }
    let begun = io::Cursor::new(first.to_vec());
    arriving.body = match read {
        Ok(_) => Box::new(begun.chain(arriving.body)),
        Err(error) => Box::new(Failing(Some(error))),
    };
    Ok(arriving)
}

/// A body that fails with its first bytes.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let again = || io::Error::from(io::ErrorKind::UnexpectedEof);
        Err(self.0.take().unwrap_or_else(again))
    }
}

// RFC 9110, 14.4 and 15.3.7: a single part, and its range.
fn part(response: Response<Body>, resume: Option<Resume<'_>>) -> Result<Arriving, TransferError> {
    let asked = resume.map_or(0, |resume| resume.from);
    let reported = header(&response, header::CONTENT_RANGE).and_then(content_range);
    let Some((from, size)) = reported.filter(|(from, _)| *from == asked) else {
        return Err(from_the_start(
            "it answers with another part than was asked for",
        ));
    };
    let changed = match (resume.and_then(|resume| resume.etag), etag(&response)) {
        (Some(before), Some(now)) => before != now,
        _ => false,
    };
    if changed {
        return Err(from_the_start("the file has changed meanwhile"));
    }
    arriving(response, from, size)
}

fn arriving(
    response: Response<Body>,
    from: u64,
    size: Option<u64>,
) -> Result<Arriving, TransferError> {
    let encoding = header(&response, header::CONTENT_ENCODING).unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") {
        return Err(never(
            "it sends the bytes in an encoding that was not asked for".to_owned(),
        ));
    }
    let chunked = response.version() == Version::HTTP_11
        && response.headers().contains_key(header::TRANSFER_ENCODING);
    let framed = chunked || response.headers().contains_key(header::CONTENT_LENGTH);
    Ok(Arriving {
        etag: etag(&response),
        body: Box::new(Guarded(response.into_body().into_reader())),
        from,
        size,
        framed,
    })
}

/// Parses the first byte and the whole size from `bytes 5-9/10`; a server may not know the size: `bytes 5-9/*`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (from, to) = range.split_once('-')?;
    let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
    let size = match size {
        "*" => None,
        size => Some(size.parse().ok()?),
    };
    (from <= to && size.is_none_or(|size| to < size)).then_some((from, size))
}

/// Returns the strong validator: a weak one does not guarantee identical bytes.
fn etag(response: &Response<Body>) -> Option<String> {
    let text = header(response, header::ETAG)?;
    (text.len() >= 2 && text.len() <= 200 && text.starts_with('"') && text.ends_with('"'))
        .then(|| text.to_owned())
}

pub(crate) fn header(response: &Response<Body>, name: header::HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_library_is_an_error() {
        struct Panics;
        impl Read for Panics {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                std::panic::resume_unwind(Box::new("a bug".to_owned()))
            }
        }
        let error = Guarded(Panics).read(&mut [0]).unwrap_err();
        assert_eq!(error.to_string(), "the HTTP library failed: a bug");
        assert_eq!(guarded(|| 1), Ok(1));
    }

    #[test]
    fn only_one_plain_part_is_a_part() {
        let table = [
            ("bytes 5-9/10", Some((5, Some(10)))),
            (" bytes 0-0/1", Some((0, Some(1)))),
            ("bytes 5-9/*", Some((5, None))),
            ("bytes 9-5/10", None),
            ("bytes 5-10/10", None),
            ("bytes */10", None),
            ("items 5-9/10", None),
            ("bytes 5-9", None),
            ("bytes -5/10", None),
            ("bytes 5-99999999999999999999/*", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(content_range(text), expected, "{text}");
        }
    }
}
