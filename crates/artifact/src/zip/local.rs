//! The rules for the local header, the record before the content.
//!
//! Here the header is checked on its own; `tail` compares it with the content and the other records.

use std::io::Read;

use super::{
    Method,
    error::{Part, ZipError},
    input::Input,
    record::{HAS_DESCRIPTOR, Header, IS_UTF8, LOCAL, LOCAL_SIGNATURE, Values, signature},
};
use crate::foreign::shown;

const PART: Part = Part::LocalHeader;

/// A local header that conforms to the profile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Local {
    pub(super) header: Header,
    pub(super) method: Method,
}

impl Local {
    /// Reads the header and the name after it, which has to be `name`.
    pub(super) fn read<R: Read>(input: &mut Input<R>, name: &[u8]) -> Result<Self, ZipError> {
        let mut bytes = [0; LOCAL];
        input.take(PART, &mut bytes)?;
        if signature(&bytes) != LOCAL_SIGNATURE {
            return Err(ZipError::Signature {
                part: PART,
                found: shown(&signature(&bytes)),
            });
        }
        let header = Header::local(&bytes);
        let method = rules(PART, &header)?;
        read_name(input, PART, &header, name)?;
        if header.extra != 0 {
            return Err(ZipError::Extra {
                part: PART,
                length: header.extra,
            });
        }
        if header.flags & HAS_DESCRIPTOR != 0 && header.values != Values::default() {
            return Err(nonzero(header.values));
        }
        Ok(Self { header, method })
    }

    pub(super) fn has_descriptor(&self) -> bool {
        self.header.flags & HAS_DESCRIPTOR != 0
    }
}

/// Checks the rules that each of the two headers has to meet on its own.
pub(super) fn rules(part: Part, header: &Header) -> Result<Method, ZipError> {
    // 4.4.3.2: version 4.5 introduced zip64; 4.4.8: all bits set refers to it, too.
    if header.needed == 45 || header.values.size == u32::MAX || header.values.compressed == u32::MAX
    {
        return Err(ZipError::Zip64 { part });
    }
    if header.flags & !(HAS_DESCRIPTOR | IS_UTF8) != 0 {
        return Err(ZipError::Flags {
            part,
            found: header.flags,
        });
    }
    let method = match header.method {
        0 => Method::Stored,
        8 => Method::Deflated,
        found => return Err(ZipError::Method { found }),
    };
    match (header.needed, method) {
        (20, _) | (10, Method::Stored) => Ok(method),
        (found, _) => Err(ZipError::Version { part, found }),
    }
}

/// Reads the name after a header and compares it.
pub(super) fn read_name<R: Read>(
    input: &mut Input<R>,
    part: Part,
    header: &Header,
    name: &[u8],
) -> Result<(), ZipError> {
    // A name of another length is another name; enough of it is read for the message.
    let length = usize::from(header.name).min(name.len().max(128));
    let mut found = vec![0; length];
    input.take(part, &mut found)?;
    if usize::from(header.name) != name.len() || found != name {
        return Err(ZipError::Name {
            part,
            found: shown(&found),
            expected: shown(name),
        });
    }
    Ok(())
}

/// 4.4.4, bit 3: the fields are set to zero in the local header.
fn nonzero(values: Values) -> ZipError {
    let (field, found) = match values {
        Values { crc, .. } if crc != 0 => ("CRC", crc),
        Values { compressed, .. } if compressed != 0 => ("compressed size", compressed),
        Values { size, .. } => ("size", size),
    };
    ZipError::Disagree {
        part: PART,
        field,
        found: found.into(),
        expected: 0,
    }
}
