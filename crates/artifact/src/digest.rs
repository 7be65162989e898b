//! SHA-256 and size limits as stream adapters, which count, hash and limit bytes as they pass.
//!
//! This module does not know what the bytes mean or which digest is right: it reports what passed, and the caller
//! compares.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// Bytes per read when the bytes themselves are not needed.
const CHUNK: usize = 128 * 1024;

/// Why a source could not be reduced to its digest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// The source holds more bytes than the caller allows.
    #[error("the source holds more than {cap} bytes")]
    TooLarge {
        /// Number of bytes allowed.
        cap: u64,
    },
    /// The source failed.
    #[error("reading the bytes to be hashed failed")]
    Read(#[source] io::Error),
}

impl DigestError {
    /// Every code that [`DigestError::code`] returns.
    pub const CODES: &'static [&'static str] = &["digest.too-large", "digest.read"];

    /// Returns the stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "digest.too-large",
            Self::Read(_) => "digest.read",
        }
    }

    /// Returns one sentence on what to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => {
                "Check that this is the file that was meant; raise the limit if it is."
            }
            Self::Read(_) => "Try again; if it fails again, look at what the source reports.",
        }
    }

    /// Finds a [`DigestError`] inside an `io::Error`, or returns the `io::Error` unchanged.
    ///
    /// # Errors
    /// The same `io::Error`, if it holds none.
    pub fn from_io(error: io::Error) -> Result<Self, io::Error> {
        error.downcast()
    }
}

/// Counts and hashes the bytes that are read through it.
#[derive(Debug)]
pub struct HashingReader<R> {
    source: R,
    hasher: Sha256,
    count: u64,
}

impl<R: Read> HashingReader<R> {
    /// Starts with an empty digest.
    pub fn new(source: R) -> Self {
        Self {
            source,
            hasher: Sha256::new(),
            count: 0,
        }
    }

    /// Returns the number of bytes that have passed so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the source, the SHA-256 of the bytes that have passed, and their number.
    ///
    /// The digest covers the whole source only if the source was read to its end.
    #[must_use]
    pub fn finish(self) -> (R, [u8; 32], u64) {
        (self.source, self.hasher.finalize().into(), self.count)
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buf)?;
        let read = buf.get(..n).ok_or_else(more_than_fits)?;
        self.hasher.update(read);
        self.count = self.count.saturating_add(n as u64);
        Ok(n)
    }
}

/// Lets at most `cap` bytes through. If the source holds more, the read after the last allowed byte fails with
/// [`DigestError::TooLarge`] inside the `io::Error`; a source of exactly `cap` bytes ends as usual.
#[derive(Debug)]
pub struct CappedReader<R> {
    source: R,
    cap: u64,
    left: u64,
}

impl<R: Read> CappedReader<R> {
    /// Allows `cap` bytes.
    pub fn new(source: R, cap: u64) -> Self {
        Self {
            source,
            cap,
            left: cap,
        }
    }

    /// Returns the source at its current position.
    pub fn into_inner(self) -> R {
        self.source
    }
}

impl<R: Read> Read for CappedReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            // Only the source knows whether it ends exactly at the limit: ask it for one more byte.
            return match self.source.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    DigestError::TooLarge { cap: self.cap },
                )),
            };
        }
        let room = usize::try_from(self.left).map_or(buf.len(), |left| left.min(buf.len()));
        let buf = buf.get_mut(..room).ok_or_else(more_than_fits)?;
        let n = self.source.read(buf)?;
        if n > buf.len() {
            return Err(more_than_fits());
        }
        self.left = self.left.saturating_sub(n as u64);
        Ok(n)
    }
}

/// The error for a source that claims more bytes than there is room for: what was not read is not hashed as if it were.
fn more_than_fits() -> io::Error {
    io::Error::other("the source claims to have read more than fits")
}

/// Reads `source` to its end and returns its SHA-256 and its size in bytes.
///
/// # Errors
/// [`DigestError::TooLarge`] as soon as there are more than `cap` bytes; [`DigestError::Read`] if the source fails.
pub fn read_to_digest(source: impl Read, cap: u64) -> Result<([u8; 32], u64), DigestError> {
    let mut reader = HashingReader::new(CappedReader::new(source, cap));
    let mut chunk = vec![0; CHUNK];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(DigestError::from_io(error).unwrap_or_else(DigestError::Read));
            }
        }
    }
    let (_, digest, size) = reader.finish();
    Ok((digest, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4, the example for "abc".
    const ABC: [u8; 32] = [
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
        0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
        0x15, 0xad,
    ];

    /// Returns one byte at a time, each after an interruption.
    struct Trickle<'a>(&'a [u8], bool);

    impl Read for Trickle<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let room = buf.len().min(1);
            self.0.read(&mut buf[..room])
        }
    }

    #[test]
    fn hashes_and_counts_what_passes() {
        assert_eq!(read_to_digest(&b"abc"[..], 3).unwrap(), (ABC, 3));
        assert_eq!(read_to_digest(Trickle(b"abc", false), 3).unwrap(), (ABC, 3));
    }

    #[test]
    fn refuses_one_byte_over_the_cap() {
        let error = read_to_digest(&b"abcd"[..], 3).unwrap_err();
        assert!(matches!(error, DigestError::TooLarge { cap: 3 }));
        assert_eq!(error.code(), "digest.too-large");
        assert!(read_to_digest(&b""[..], 0).is_ok());
        assert!(read_to_digest(&b"a"[..], 0).is_err());
    }

    #[test]
    fn keeps_refusing_after_the_cap() {
        let mut reader = CappedReader::new(&b"abcdef"[..], 2);
        let mut all = Vec::new();
        assert!(reader.read_to_end(&mut all).is_err());
        assert!(reader.read(&mut [0; 8]).is_err());
        assert_eq!(all, b"ab");
    }

    #[test]
    fn passes_on_why_the_source_failed() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::TimedOut.into())
            }
        }
        let error = read_to_digest(Broken, 9).unwrap_err();
        assert_eq!(error.code(), "digest.read");
        assert!(matches!(error, DigestError::Read(e) if e.kind() == io::ErrorKind::TimedOut));
    }
}
