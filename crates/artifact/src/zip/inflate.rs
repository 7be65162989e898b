//! Inflates directly from the input buffer into the caller's, and counts the bytes on both sides.
//!
//! The low-level decoder is used because only it reports at which input byte the stream ended. This module does not
//! know what follows, or whether the content is the right one.

use std::io::Read;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{
    Size,
    error::{Part, ZipError},
    input::Input,
};

/// The state of the content inflated so far.
#[derive(Default)]
pub(super) struct Passed {
    pub(super) size: u64,
    pub(super) compressed: u64,
    pub(super) crc: Crc,
}

impl Passed {
    pub(super) fn stored(&mut self, bytes: &[u8]) {
        self.inflated(bytes);
        self.compressed += bytes.len() as u64;
    }

    fn inflated(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        self.size += bytes.len() as u64;
    }
}

/// Inflates into `buf`; returns the number of bytes and whether the stream ended. The number is 0 only if it ended.
pub(super) fn inflate<R: Read>(
    decoder: &mut Decompress,
    input: &mut Input<R>,
    passed: &mut Passed,
    size: Size,
    buf: &mut [u8],
) -> Result<(usize, bool), ZipError> {
    let limit = compressed_limit(size.limit());
    loop {
        let room = size.limit().saturating_sub(passed.size);
        let room = usize::try_from(room).map_or(buf.len(), |room| room.min(buf.len()));
        // After all of the content the stream still has to mark its end. The inflater needs room for one excess byte,
        // and one such byte is enough to refuse: a bomb never gets further.
        let mut excess = [0];
        let output = match buf.get_mut(..room) {
            Some(output) if room > 0 => output,
            _ => &mut excess,
        };
        let available = input.fill(Part::Content)?;
        let at_end = available.is_empty();
        let before = (decoder.total_in(), decoder.total_out());
        let status = decoder
            .decompress(available, output, FlushDecompress::None)
            .map_err(|_| ZipError::Deflate)?;
        let read = decoder.total_in().saturating_sub(before.0);
        let wrote = decoder.total_out().saturating_sub(before.1);
        input.consume(usize::try_from(read).unwrap_or(usize::MAX));
        passed.compressed += read;
        if passed.compressed > limit {
            return Err(ZipError::Padding { limit });
        }
        if room == 0 && wrote > 0 {
            return Err(too_long(size));
        }
        let wrote = usize::try_from(wrote).unwrap_or(usize::MAX);
        passed.inflated(output.get(..wrote).unwrap_or_default());
        let ended = match status {
            Status::StreamEnd => true,
            Status::Ok | Status::BufError => false,
        };
        if wrote > 0 || ended {
            return Ok((wrote, ended));
        }
        if at_end {
            return Err(ZipError::Truncated {
                part: Part::Content,
            });
        }
        if read == 0 {
            // Input available, room to write, and no progress: no inflater should do this, and it must not become an
            // endless loop.
            return Err(ZipError::Deflate);
        }
    }
}

fn too_long(size: Size) -> ZipError {
    match size {
        Size::Exact(expected) => ZipError::Size {
            found: expected.saturating_add(1),
            more: true,
            expected,
        },
        Size::AtMost(limit) => ZipError::TooLarge { limit },
    }
}

/// Returns the most bytes that a deflate stream of `size` bytes may take: zlib's `deflateBound` for its worst settings,
/// plus a margin. Empty blocks cost input and give no output, so without this limit a stream could be endless.
fn compressed_limit(size: u64) -> u64 {
    size + size / 8 + size / 64 + 1024
}
