//! Recognizes a file's format by its first bytes: ELF, or one that deserves a better message than "not ELF".

use super::error::InspectError;
use crate::foreign::shown;

/// `e_ident[EI_MAG0..=EI_MAG3]` (gABI ch. 4).
const ELF: &[u8] = b"\x7fELF";

/// Mach-O, both widths and byte orders, and the universal form (which Java classes share).
const MACH_O: [[u8; 4]; 6] = [
    [0xfe, 0xed, 0xfa, 0xce],
    [0xfe, 0xed, 0xfa, 0xcf],
    [0xce, 0xfa, 0xed, 0xfe],
    [0xcf, 0xfa, 0xed, 0xfe],
    [0xca, 0xfe, 0xba, 0xbe],
    [0xca, 0xfe, 0xba, 0xbf],
];

/// Accepts only ELF. `start` holds the first bytes of the file, at least 4 if the file has as many.
pub(super) fn recognize(start: &[u8]) -> Result<(), InspectError> {
    if start.starts_with(ELF) {
        Ok(())
    } else if start.is_empty() {
        Err(InspectError::Empty)
    } else if start.starts_with(b"#!") {
        Err(InspectError::Script)
    } else if MACH_O.iter().any(|magic| start.starts_with(magic)) {
        Err(InspectError::MachO)
    } else if start.starts_with(b"MZ") {
        Err(InspectError::Pe)
    } else {
        Err(InspectError::Unrecognized {
            found: shown(start.get(..8).unwrap_or(start)),
        })
    }
}
