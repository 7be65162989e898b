//! One anonymous GET: redirects by hand, status to outcome, time limits, the rest of a file.
//!
//! No credential is ever sent: no header holds one, addresses cannot, and cookies are not compiled in (a proxy's own
//! user name goes to that proxy). Does not know what the bytes are, nor how often to ask.

use std::io::{self, Read};
use std::time::{Duration, Instant, SystemTime};

use ureq::Body;
use ureq::http::{Response, Version, header};

use crate::address::Address;
use crate::agents::Agents;
use crate::error::{FetchError, plain};
use crate::options::Options;

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 5;

/// The network, as far as an anonymous reader needs it.
pub(crate) struct Net {
    agents: Agents,
    idle: Duration,
    total: Duration,
}

/// Where to go on, and what the first part was of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resume<'r> {
    pub(crate) from: u64,
    /// The strong validator of the first part, if the server gave one.
    pub(crate) etag: Option<&'r str>,
}

/// A body that has begun to arrive.
pub(crate) struct Arriving {
    pub(crate) body: Box<dyn Read>,
    /// Which byte of the file is the first.
    pub(crate) from: u64,
    /// The size of the whole file, if the server said it.
    pub(crate) size: Option<u64>,
    /// Whether the end of the body can be told from a broken connection.
    pub(crate) framed: bool,
    /// The strong validator, if the server gave one.
    pub(crate) etag: Option<String>,
}

/// Why an address gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is not there for the public, or nobody may have it.
    Absent { status: u16 },
    /// A web page came instead, from here.
    WebPage { at: String, status: u16 },
    /// It would be reached through this proxy, whose kind is not supported.
    Proxy { proxy: String },
    /// Nobody can tell.
    Network { problem: String, again: Again },
}

/// Whether the trouble may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    Never,
    /// After as long as the server asks for, if it does.
    After(Option<Duration>),
    /// At once, but from the first byte: what came is not the rest of what is here.
    FromTheStart,
}

impl Trouble {
    /// What to say of an address.
    pub(crate) fn problem(&self) -> String {
        match self {
            Self::Absent { status } => format!("it answered {status}"),
            Self::WebPage { at, status } => {
                format!("a web page came in place of the file, from {at} (status {status})")
            }
            Self::Proxy { proxy } => format!("{proxy} is a SOCKS proxy, which is not supported"),
            Self::Network { problem, .. } => problem.clone(),
        }
    }
}

impl Net {
    pub(crate) fn new(options: &Options) -> Result<Self, FetchError> {
        Ok(Self {
            agents: Agents::new(options)?,
            idle: options.timeouts.idle,
            total: options.timeouts.total,
        })
    }

    /// How long a server may be silent.
    pub(crate) fn idle(&self) -> Duration {
        self.idle
    }

    /// When a transfer that begins now has to be over.
    pub(crate) fn deadline(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.total)
            .unwrap_or(now + Duration::from_secs(1 << 30))
    }

    /// Asks an address and follows redirects until a body begins.
    pub(crate) fn get(
        &self,
        address: &Address,
        resume: Option<Resume<'_>>,
        deadline: Instant,
    ) -> Result<Arriving, Trouble> {
        let mut at = address.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.ask(&at, resume, deadline)?;
            match response.status().as_u16() {
                200 => return whole(response, &at),
                206 if resume.is_some() => return part(response, resume),
                416 if resume.is_some() => {
                    return Err(from_the_start("it has no such part of the file"));
                }
                301 | 302 | 303 | 307 | 308 => {
                    let location = header(&response, header::LOCATION).unwrap_or_default();
                    at = at.follow(location).map_err(never)?;
                }
                status @ (401 | 403) if is_html(&response) => {
                    let at = at.to_string();
                    return Err(Trouble::WebPage { at, status });
                }
                status => return Err(refused(status, &response)),
            }
        }
        Err(never(format!(
            "it redirects more than {MOST_REDIRECTS} times"
        )))
    }

    fn ask(
        &self,
        at: &Address,
        resume: Option<Resume<'_>>,
        deadline: Instant,
    ) -> Result<Response<Body>, Trouble> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(never("it took too long".to_owned()));
        }
        let mut request = self
            .agents
            .of(at)?
            .get(at.in_full())
            .header(header::ACCEPT, "*/*")
            .header(header::ACCEPT_ENCODING, "identity");
        if let Some(resume) = resume {
            request = request.header(header::RANGE, format!("bytes={}-", resume.from));
            if let Some(etag) = resume.etag {
                request = request.header(header::IF_RANGE, etag);
            }
        }
        request
            .config()
            .timeout_global(Some(left))
            .build()
            .call()
            .map_err(|error| classified(&error))
    }
}

/// What a broken read of a body means.
pub(crate) fn broken(error: &io::Error) -> Trouble {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return later("the connection was closed before the end".to_owned());
    }
    later(format!(
        "the transfer broke off: {}",
        plain(&error.to_string())
    ))
}

fn whole(response: Response<Body>, at: &Address) -> Result<Arriving, Trouble> {
    let size = response.body().content_length();
    let html = is_html(&response);
    let mut arriving = arriving(response, 0, size)?;
    let mut first = [0; 512];
    let read = arriving.body.read(&mut first);
    let first = &first[..*read.as_ref().unwrap_or(&0)];
    if is_web_page(html, first) {
        let at = at.to_string();
        return Err(Trouble::WebPage { at, status: 200 });
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

/// Whether the answer calls itself a web page.
fn is_html(response: &Response<Body>) -> bool {
    let kind = header(response, header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
}

/// Whether bytes are the beginning of a web page. A server may call an executable one, and a page something else; but no
/// executable, receipt or list of digests begins with `<`.
fn is_web_page(html: bool, first: &[u8]) -> bool {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let first = first.trim_ascii_start();
    let begins = |with: &[u8]| {
        let start = first.get(..with.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    (html && begins(b"<")) || begins(b"<!doctype html") || begins(b"<html")
}

// RFC 9110, 14.4 and 15.3.7: one part, and which part it is.
fn part(response: Response<Body>, resume: Option<Resume<'_>>) -> Result<Arriving, Trouble> {
    let asked = resume.map_or(0, |resume| resume.from);
    let told = header(&response, header::CONTENT_RANGE).and_then(content_range);
    let Some((from, size)) = told.filter(|(from, _)| *from == asked) else {
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

fn arriving(response: Response<Body>, from: u64, size: Option<u64>) -> Result<Arriving, Trouble> {
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
        body: Box::new(response.into_body().into_reader()),
        from,
        size,
        framed,
    })
}

/// The first byte and the size of the whole, in `bytes 5-9/10`; a server may not know the size: `bytes 5-9/*`.
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

/// A strong validator: a weak one does not speak of bytes.
fn etag(response: &Response<Body>) -> Option<String> {
    let text = header(response, header::ETAG)?;
    (text.len() >= 2 && text.len() <= 200 && text.starts_with('"') && text.ends_with('"'))
        .then(|| text.to_owned())
}

// 403 is what GitHub says when it has had too many requests, but then it says when to come again; otherwise it is what
// storage says of a name that does not exist, and what a forge says of what the public may not see.
fn refused(status: u16, response: &Response<Body>) -> Trouble {
    let wait = header(response, header::RETRY_AFTER)
        .and_then(|text| patience(text, header(response, header::DATE), SystemTime::now()));
    let problem = match wait {
        Some(wait) => format!(
            "it answered {status} and asks to come again in {} s",
            wait.as_secs()
        ),
        None => format!("it answered {status}"),
    };
    match status {
        403 if wait.is_some() => Trouble::Network {
            problem,
            again: Again::After(wait),
        },
        401 | 403 | 404 | 410 | 451 => Trouble::Absent { status },
        408 | 429 | 500..=599 => Trouble::Network {
            problem,
            again: Again::After(wait),
        },
        _ => never(problem),
    }
}

// RFC 9110, 10.2.3: seconds, or a date. A date is by the server's clock where it tells it: ours may be wrong.
fn patience(text: &str, told: Option<&str>, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let now = told
        .and_then(|told| httpdate::parse_http_date(told.trim()).ok())
        .unwrap_or(now);
    Some(date.duration_since(now).unwrap_or_default())
}

fn classified(error: &ureq::Error) -> Trouble {
    use ureq::Error as E;
    if let E::Io(error) = error {
        let problem = plain(&error.to_string());
        // A certificate that is not trusted arrives as invalid data, and will not be trusted next time.
        let passing = error.kind() != io::ErrorKind::InvalidData;
        return if passing {
            later(problem)
        } else {
            never(problem)
        };
    }
    if matches!(error, E::Timeout(_)) {
        return later("it took too long".to_owned());
    }
    let passing = matches!(
        error,
        E::HostNotFound | E::ConnectionFailed | E::ConnectProxyFailed(_) | E::Protocol(_)
    );
    let problem = plain(&error.to_string());
    if passing {
        later(problem)
    } else {
        never(problem)
    }
}

fn header(response: &Response<Body>, name: header::HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

pub(crate) fn never(problem: String) -> Trouble {
    Trouble::Network {
        problem,
        again: Again::Never,
    }
}

fn from_the_start(problem: &str) -> Trouble {
    Trouble::Network {
        problem: problem.to_owned(),
        again: Again::FromTheStart,
    }
}

pub(crate) fn later(problem: String) -> Trouble {
    Trouble::Network {
        problem,
        again: Again::After(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_to_come_again_is_seconds_or_a_date_by_the_servers_clock() {
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        let our_clock = httpdate::parse_http_date(date).unwrap() - Duration::from_secs(90);
        let table = [
            ("9", None, Some(9)),
            (" 9 ", Some(date), Some(9)),
            (date, None, Some(90)),
            (date, Some("Wed, 21 Oct 2026 07:27:30 GMT"), Some(30)),
            (date, Some("Wed, 21 Oct 2026 07:28:30 GMT"), Some(0)),
            (date, Some("noon"), Some(90)),
            ("Wednesday, 21-Oct-26 07:28:00 GMT", None, Some(90)),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", None, None),
            ("", None, None),
        ];
        for (text, told, seconds) in table {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(
                patience(text, told, our_clock),
                expected,
                "{text}, {told:?}"
            );
        }
    }

    #[test]
    fn a_web_page_is_told_by_how_it_begins() {
        let table: [(bool, &[u8], bool); 10] = [
            (true, b"<p>sign in", true),
            (false, b"<p>sign in", false),
            (false, b"<!DOCTYPE html><title>", true),
            (false, b"\xef\xbb\xbf\r\n <HTML lang=en>", true),
            (true, b"\n\n  <", true),
            (true, b"\x7fELF<html>", false),
            (true, b"#!/bin/sh\n", false),
            (true, b"{\"format\": 1}", false),
            (true, b"", false),
            (false, b"<htm", false),
        ];
        for (html, first, expected) in table {
            assert_eq!(is_web_page(html, first), expected, "{html} {first:?}");
        }
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
