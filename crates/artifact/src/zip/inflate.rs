//! Inflates straight from the input buffer into the caller's, and counts on both sides.
//!
//! The low-level decoder is driven by hand because only so is it known at which byte of the input the stream ended. It
//! does not know what follows, nor whether the content is the right one.

use std::io::Read;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{
    Size,
    error::{Part, ZipError},
    input::Input,
};

/// What has passed of the content.
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

/// Inflates into `buf`: how many bytes, and whether the stream ended. None only if it ended.
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
        // With all of the content given out the stream still has to say that it ends. The inflater needs somewhere to
        // put a byte too many, and one such byte is enough to refuse: a bomb never gets further.
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
            // Bytes to read, room to write, and nothing moved: no inflater should do this, and none may make us wait.
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

/// The most bytes that a deflate stream of `size` bytes may take. Empty blocks cost input and give no output, so a
/// stream could go on for ever without this. zlib's `deflateBound` for its worst settings, and some.
fn compressed_limit(size: u64) -> u64 {
    size + size / 8 + size / 64 + 1024
}
