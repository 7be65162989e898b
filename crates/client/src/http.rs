//! One GET: status to outcome, the rest of a file. The rules of the connection are those of `lockgate-http`.
//!
//! Anonymous, but for the login of a mirror, which goes to that server only. Addresses cannot hold a credential, and cookies are
//! not compiled in (a proxy's own user name goes to that proxy). Does not know what the bytes are, nor how often to ask.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use lockgate_http::http::{Request, Response, Version, header};
use lockgate_http::{
    Address, Body, Config, Followed, Http, Policy, Proxies, Route, follow, header, read_rest,
    reader,
};

use crate::error::FetchError;
use crate::login::Login;
use crate::options::Options;
pub(crate) use crate::transfer_error::{RetryAdvice, TransferError, broken, later, never};
use crate::transfer_error::{from_the_start, refused};
use crate::web_page::{is_html, is_web_page};

/// The network, as far as an anonymous reader needs it.
pub(crate) struct Net(Http);

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
        let config = Config {
            user_agent: options.user_agent.clone(),
            policy: Policy {
                timeouts: options.timeouts,
                attempts: options.retry.attempts,
                budget: options.timeouts.total,
                ..Policy::DOWNLOAD
            },
            proxies: Proxies::new(&options.proxy)?,
            ca_files: options.ca_files.clone(),
            stop: options.stop.clone(),
        };
        Ok(Self(Http::new(config)?))
    }

    /// The time limits and the retry policy.
    pub(crate) fn policy(&self) -> &Policy {
        self.0.policy()
    }

    /// Returns how long a server may be silent.
    pub(crate) fn idle(&self) -> Duration {
        self.policy().timeouts.idle
    }

    /// Returns the end of the time for a transfer that begins now.
    pub(crate) fn deadline(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.policy().timeouts.total)
            .unwrap_or(now + Duration::from_secs(1 << 30))
    }

    /// Requests an address and follows redirects until a body begins. The login is sent to its server only, and not
    /// again after a redirect to another server.
    pub(crate) fn get(
        &self,
        address: &Address,
        resume: Option<Resume<'_>>,
        mut login: Option<&Login>,
        deadline: Instant,
    ) -> Result<Arriving, TransferError> {
        let mut route = None;
        let Followed {
            response,
            address: at,
            ..
        } = follow(address, never, |at, _| {
            login = login.filter(|login| login.is_for(at));
            ask(route.insert(self.0.route(at)?), at, resume, login, deadline)
        })?;
        match response.status().as_u16() {
            200 => whole(response, &at),
            206 if resume.is_some() => part(response, resume),
            416 if resume.is_some() => Err(from_the_start("it has no such part of the file")),
            status @ (401 | 403 | 511) if is_html(&response) => {
                let at = at.to_string();
                Err(TransferError::WebPage { at, status })
            }
            status => {
                let mut refused = refused(status, &response);
                if let (TransferError::Network { problem, .. }, Some(route)) = (&mut refused, route)
                {
                    *problem = route.through(std::mem::take(problem));
                }
                read_rest(response);
                Err(refused)
            }
        }
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
    let mut request = Request::get(at.in_full())
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
    let malformed = |_| never("the address or a header of the request is malformed".to_owned());
    let request = request.body(()).map_err(malformed)?;
    Ok(route.send(request, None, Some(left))?)
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
        body: Box::new(reader(response.into_body())),
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

#[cfg(test)]
mod tests {
    use super::*;

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
