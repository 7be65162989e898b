//! The four records of a zip as plain numbers: the positions of their fields, but not the allowed values.
//!
//! All numbers are little-endian (APPNOTE 4.4.1.1). The rules are in `local` and `tail`, the writer in `write`.

pub(super) const LOCAL_SIGNATURE: [u8; 4] = *b"PK\x03\x04";
pub(super) const DESCRIPTOR_SIGNATURE: [u8; 4] = *b"PK\x07\x08";
pub(super) const CENTRAL_SIGNATURE: [u8; 4] = *b"PK\x01\x02";
pub(super) const END_SIGNATURE: [u8; 4] = *b"PK\x05\x06";
pub(super) const ZIP64_END_SIGNATURE: [u8; 4] = *b"PK\x06\x06";
pub(super) const ZIP64_LOCATOR_SIGNATURE: [u8; 4] = *b"PK\x06\x07";

/// Size of each record in bytes, without names.
pub(super) const LOCAL: usize = 30;
pub(super) const DESCRIPTOR: usize = 16;
pub(super) const CENTRAL: usize = 46;
pub(super) const END: usize = 22;

/// Bit 3 of the flags: sizes and CRC are in a descriptor after the content.
pub(super) const HAS_DESCRIPTOR: u16 = 1 << 3;
/// Bit 11 of the flags: the name is UTF-8.
pub(super) const IS_UTF8: u16 = 1 << 11;

/// The fields that both headers of an entry have, before the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) needed: u16,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) time: u16,
    pub(super) date: u16,
    pub(super) values: Values,
    pub(super) name: u16,
    pub(super) extra: u16,
}

/// The three values that a descriptor repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Values {
    pub(super) crc: u32,
    pub(super) compressed: u32,
    pub(super) size: u32,
}

/// The fields that only the central directory has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Central {
    pub(super) made_by: u16,
    pub(super) header: Header,
    pub(super) comment: u16,
    pub(super) disk: u16,
    pub(super) internal: u16,
    pub(super) external: u32,
    pub(super) offset: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) disk: u16,
    pub(super) directory_disk: u16,
    pub(super) entries_here: u16,
    pub(super) entries: u16,
    pub(super) directory_size: u32,
    pub(super) directory_offset: u32,
    pub(super) comment: u16,
}

impl Header {
    /// 4.3.7, from the field after the signature.
    pub(super) fn local(b: &[u8; LOCAL]) -> Self {
        Self::at(b, 4)
    }

    /// The two headers hold the same fields in the same order.
    fn at<const N: usize>(b: &[u8; N], at: usize) -> Self {
        Self {
            needed: u16_at(b, at),
            flags: u16_at(b, at + 2),
            method: u16_at(b, at + 4),
            time: u16_at(b, at + 6),
            date: u16_at(b, at + 8),
            values: Values::at(b, at + 10),
            name: u16_at(b, at + 22),
            extra: u16_at(b, at + 24),
        }
    }
}

impl Values {
    /// 4.3.9, after the signature.
    pub(super) fn descriptor(b: &[u8; DESCRIPTOR]) -> Self {
        Self::at(b, 4)
    }

    fn at<const N: usize>(b: &[u8; N], at: usize) -> Self {
        Self {
            crc: u32_at(b, at),
            compressed: u32_at(b, at + 4),
            size: u32_at(b, at + 8),
        }
    }
}

impl Central {
    /// 4.3.12.
    pub(super) fn parse(b: &[u8; CENTRAL]) -> Self {
        Self {
            made_by: u16_at(b, 4),
            header: Header::at(b, 6),
            comment: u16_at(b, 32),
            disk: u16_at(b, 34),
            internal: u16_at(b, 36),
            external: u32_at(b, 38),
            offset: u32_at(b, 42),
        }
    }
}

impl End {
    /// 4.3.16.
    pub(super) fn parse(b: &[u8; END]) -> Self {
        Self {
            disk: u16_at(b, 4),
            directory_disk: u16_at(b, 6),
            entries_here: u16_at(b, 8),
            entries: u16_at(b, 10),
            directory_size: u32_at(b, 12),
            directory_offset: u32_at(b, 16),
            comment: u16_at(b, 20),
        }
    }
}

pub(super) fn signature<const N: usize>(b: &[u8; N]) -> [u8; 4] {
    u32_at(b, 0).to_le_bytes()
}

/// Callers pass constant positions inside records of constant length.
#[expect(
    clippy::expect_used,
    reason = "a constant outside of the record is a bug: every test of the reader meets it, whatever the bytes are"
)]
fn chunk<const N: usize, const SIZE: usize>(b: &[u8; N], at: usize) -> [u8; SIZE] {
    let chunk = b.get(at..).and_then(<[u8]>::first_chunk);
    *chunk.expect("the position lies inside the record")
}

fn u16_at<const N: usize>(b: &[u8; N], at: usize) -> u16 {
    u16::from_le_bytes(chunk(b, at))
}

fn u32_at<const N: usize>(b: &[u8; N], at: usize) -> u32 {
    u32::from_le_bytes(chunk(b, at))
}
