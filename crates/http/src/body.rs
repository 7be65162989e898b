//! Reads bodies: as a stream, into memory up to a limit, or only so that the connection can be reused.

use std::io::{self, Read};

use ureq::Body;
use ureq::http::Response;

use crate::guard::Guarded;

/// The limit for an unwanted body that is read so that its connection can be reused, in bytes.
const WORTH_READING: u64 = 64 * 1024;

/// Returns a body as a stream whose end is not bounded. A panic of the HTTP library is an error.
pub fn reader(body: Body) -> impl Read + Send + Sync + 'static {
    Guarded(body.into_reader())
}

/// Reads a body into memory, at most this many bytes; returns whether that is all of it. What arrived before an error is in
/// `into`.
///
/// # Errors
/// The transfer broke off.
pub fn read_at_most(body: &mut Body, most: u64, into: &mut Vec<u8>) -> io::Result<bool> {
    bounded(Guarded(body.as_reader()), most, into)
}

fn bounded(body: impl Read, most: u64, into: &mut Vec<u8>) -> io::Result<bool> {
    let read = body.take(most.saturating_add(1)).read_to_end(into)?;
    Ok(read as u64 <= most)
}

/// Reads a short unwanted body, so that its connection can be reused.
pub fn read_rest(response: Response<Body>) {
    let short = |size| size <= WORTH_READING;
    if response.body().content_length().is_none_or(short) {
        // An error costs a connection and nothing else.
        let body = reader(response.into_body());
        drop(io::copy(&mut body.take(WORTH_READING), &mut io::sink()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_up_to_its_limit() {
        for (size, fits) in [(0, true), (9, true), (10, true), (11, false), (1000, false)] {
            let mut bytes = Vec::new();
            let end = bounded(io::repeat(7).take(size), 10, &mut bytes);
            assert_eq!(end.unwrap(), fits, "{size}");
            assert_eq!(bytes.len() as u64, size.min(11));
        }
        let broken = Guarded(io::repeat(7).take(3).chain(Broken));
        let mut bytes = Vec::new();
        let error = bounded(broken, 10, &mut bytes).unwrap_err();
        assert_eq!(error.to_string(), "cut");
        assert_eq!(bytes, [7; 3]);
    }

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("cut"))
        }
    }
}
