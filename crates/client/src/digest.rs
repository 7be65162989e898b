//! SHA-256 digests, and bytes that are hashed on their way from one place to another.
//!
//! Does not know where the bytes come from or go to.

use sha2::Digest as _;
use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

/// How much is read and written at a time, in bytes.
const BUFFER: usize = 128 * 1024;

/// A SHA-256 digest. As text: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of bytes that are in memory anyway.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 digest (64 lower-case hexadecimal digits)")]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;
    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Ok(b - b'0'),
            b'a'..=b'f' => Ok(b - b'a' + 10),
            _ => Err(NotADigest),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let pairs: &[[u8; 2]; 32] = pairs.try_into().map_err(|_| NotADigest)?;
        if !rest.is_empty() {
            return Err(NotADigest);
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

/// Bytes that went through [`pump`]: all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pumped {
    pub(crate) sha256: Digest,
    pub(crate) size: u64,
}

/// Why bytes did not get through.
#[derive(Debug)]
pub(crate) enum PumpError {
    /// They could not be read to the end.
    Read(io::Error),
    /// They could not be written.
    Write(io::Error),
    /// There are more than the limit; at most one more was read.
    Longer,
}

/// Moves bytes from one place to another, at most `limit`, hashing each once; `seen` hears how many there are so far.
pub(crate) fn pump(
    from: &mut dyn Read,
    to: &mut dyn Write,
    limit: u64,
    seen: &mut dyn FnMut(u64),
) -> Result<Pumped, PumpError> {
    let mut from = from.take(limit.saturating_add(1));
    let mut buffer = vec![0; BUFFER];
    let mut hasher = sha2::Sha256::new();
    let mut size = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(PumpError::Read(error)),
        };
        size += count as u64;
        if size > limit {
            return Err(PumpError::Longer);
        }
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count]).map_err(PumpError::Write)?;
        seen(size);
    }
    Ok(Pumped {
        sha256: Digest(hasher.finalize().into()),
        size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_what_it_writes_and_nothing_else() {
        let text = Digest::of(b"hello").to_string();
        assert_eq!(
            text,
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        );
        assert_eq!(text.parse(), Ok(Digest::of(b"hello")));
        for wrong in [
            "",
            "ab",
            &text.to_uppercase(),
            &format!("{text}0"),
            &text[1..],
        ] {
            assert_eq!(wrong.parse::<Digest>(), Err(NotADigest), "{wrong}");
        }
    }

    #[test]
    fn a_limit_is_exact_and_one_byte_more_is_too_many() {
        let bytes = vec![7; 3 * BUFFER + 5];
        let size = bytes.len() as u64;
        let mut out = Vec::new();
        let pumped = pump(&mut bytes.as_slice(), &mut out, size, &mut |_| ()).unwrap();
        assert_eq!((pumped.size, pumped.sha256), (size, Digest::of(&bytes)));
        assert_eq!(out, bytes);
        let longer = pump(
            &mut bytes.as_slice(),
            &mut io::sink(),
            size - 1,
            &mut |_| (),
        );
        assert!(matches!(longer, Err(PumpError::Longer)));
        let mut endless = io::repeat(1);
        let longer = pump(&mut endless, &mut io::sink(), 10, &mut |_| ());
        assert!(matches!(longer, Err(PumpError::Longer)));
    }
}
