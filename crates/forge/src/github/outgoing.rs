//! The body of a request as it is sent: exactly as many bytes as announced, and the last ones only after the end of the
//! source was seen.

use std::io::{self, Read};

/// Reads `size` bytes of a source for a request.
///
/// An error, an early end or a late one fails the last read before its bytes are passed on. So GitHub never receives
/// the whole body if the source, which may be checking a digest, reports a failure.
pub(super) struct Outgoing<'s> {
    source: &'s mut dyn Read,
    size: u64,
    left: u64,
    touched: bool,
    failed: Option<String>,
}

impl<'s> Outgoing<'s> {
    pub(super) fn new(source: &'s mut dyn Read, size: u64) -> Self {
        Self {
            source,
            size,
            left: size,
            touched: false,
            failed: None,
        }
    }

    /// Returns whether anything was read from the source yet.
    pub(super) fn touched(&self) -> bool {
        self.touched
    }

    /// Returns the source's own error message, if it failed.
    pub(super) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    fn fail(&mut self, text: String) -> io::Error {
        // The source's message is kept here; the transport need not know it.
        self.failed = Some(text);
        io::Error::other("the bytes to be sent could not be read")
    }

    fn read_source(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.fail(error.to_string())),
                Ok(read) => return Ok(read),
            }
        }
    }
}

impl Read for Outgoing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.touched = true;
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let room = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self.read_source(&mut buffer[..room])?;
        if read == 0 {
            let (sent, size) = (self.size - self.left, self.size);
            return Err(self.fail(format!("there are {sent} bytes, not {size}")));
        }
        self.left -= read as u64;
        if self.left == 0 && self.read_source(&mut [0])? > 0 {
            return Err(self.fail(format!("there are more than {} bytes", self.size)));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns some bytes, then an error.
    struct Doubtful<'b>(&'b [u8]);

    impl Read for Doubtful<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("the digest is wrong")),
                read => Ok(read),
            }
        }
    }

    fn outcome(source: &mut dyn Read, size: u64) -> (Vec<u8>, Option<String>) {
        let mut outgoing = Outgoing::new(source, size);
        let mut sent = Vec::new();
        let mut buffer = [0; 4];
        while let Ok(read @ 1..) = outgoing.read(&mut buffer) {
            sent.extend_from_slice(&buffer[..read]);
        }
        (sent, outgoing.failed().map(str::to_owned))
    }

    #[test]
    fn the_last_bytes_wait_for_the_sources_word() {
        assert_eq!(
            outcome(&mut &b"0123456789"[..], 10),
            (b"0123456789".to_vec(), None)
        );
        assert_eq!(
            outcome(&mut Doubtful(b"0123456789"), 10),
            (b"01234567".to_vec(), Some("the digest is wrong".into()))
        );
        assert_eq!(
            outcome(&mut &b"01234567890"[..], 10),
            (
                b"01234567".to_vec(),
                Some("there are more than 10 bytes".into())
            )
        );
        assert_eq!(
            outcome(&mut &b"01234"[..], 10),
            (b"01234".to_vec(), Some("there are 5 bytes, not 10".into()))
        );
        assert_eq!(outcome(&mut &b""[..], 0), (vec![], None));
    }
}
