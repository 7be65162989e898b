//! Reads the loader that an executable names (`PT_INTERP`): it distinguishes musl from the GNU C library, and the
//! library is in the same directory, wherever a distribution keeps it.
//!
//! No program is run, and only the head of a file is read. Does not know what a loader's name means.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Executables of the system itself that every system of a kind has; the last one is this process.
const KNOWN: [&str; 3] = ["bin/sh", "usr/bin/env", "proc/self/exe"];

/// How much of a file is read: program headers and the loader's name are at the beginning.
const HEAD: u64 = 64 * 1024;

/// The kind of an ELF file: `EI_CLASS` (1: 32 bits, 2: 64), `EI_DATA` (1: little-endian, 2: big), `e_machine` (System V
/// ABI, chapter 4).
pub(crate) type Kind = (u8, u8, u16);

/// Returns the loader of the system whose files are below `root`, as a path below it.
pub(crate) fn of_system(root: &Path, kind: Kind) -> Option<PathBuf> {
    KNOWN.iter().find_map(|known| {
        let mut head = Vec::new();
        let file = File::open(root.join(known)).ok()?;
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        file.take(HEAD).read_to_end(&mut head).ok()?;
        let name = loader(&head).filter(|_| kind_of(&head) == Some(kind))?;
        Some(root.join(name.trim_start_matches('/')))
    })
}

/// Returns the kind in the head of an ELF file.
pub(crate) fn kind_of(head: &[u8]) -> Option<Kind> {
    let (class, data) = (*head.get(4)?, *head.get(5)?);
    let machine = number(head, 18, 2, data == 2)?;
    head.starts_with(b"\x7fELF")
        .then_some((class, data, u16::try_from(machine).ok()?))
}

fn loader(head: &[u8]) -> Option<&str> {
    const PT_INTERP: u64 = 3;
    let (class, data, _) = kind_of(head)?;
    let (wide, big) = (class == 2, data == 2);
    let at = |at: usize, size: usize| number(head, at, size, big);
    // The offset of the table of program headers, the size of a row, their number; in a row its offset and size.
    let (table, row, count, offset, size, word) = if wide {
        (at(32, 8)?, at(54, 2)?, at(56, 2)?, 8, 32, 8)
    } else {
        (at(28, 4)?, at(42, 2)?, at(44, 2)?, 4, 16, 4)
    };
    let (table, row) = (usize::try_from(table).ok()?, usize::try_from(row).ok()?);
    for index in 0..usize::try_from(count).ok()? {
        let start = table.checked_add(index.checked_mul(row)?)?;
        if at(start, 4)? == PT_INTERP {
            let from = usize::try_from(at(start.checked_add(offset)?, word)?).ok()?;
            let size = usize::try_from(at(start.checked_add(size)?, word)?).ok()?;
            let text = head.get(from..from.checked_add(size)?)?;
            let text = str::from_utf8(text.strip_suffix(b"\0")?).ok()?;
            return text.starts_with('/').then_some(text);
        }
    }
    None
}

fn number(bytes: &[u8], at: usize, size: usize, big: bool) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    let join = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    Some(if big {
        bytes.iter().fold(0, join)
    } else {
        bytes.iter().rev().fold(0, join)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Builds an executable of 64 bits, little-endian, that names a loader.
    pub(crate) fn executable(loader: &str) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(64, 0);
        (bytes[16], bytes[18]) = (3, 62);
        (bytes[32], bytes[54], bytes[56]) = (64, 56, 2);
        let name = [loader.as_bytes(), b"\0"].concat();
        for (kind, offset, size) in [(6, 64, 112), (3, 176, name.len() as u64)] {
            let mut row = [0; 56];
            row[0] = kind;
            row[8..16].copy_from_slice(&u64::to_le_bytes(offset));
            row[32..40].copy_from_slice(&u64::to_le_bytes(size));
            bytes.extend_from_slice(&row);
        }
        bytes.extend_from_slice(&name);
        bytes
    }

    #[test]
    fn the_loader_is_read_and_no_broken_head_panics() {
        let whole = executable("/lib/ld-musl-x86_64.so.1");
        assert_eq!(loader(&whole), Some("/lib/ld-musl-x86_64.so.1"));
        for end in 0..whole.len() {
            assert_eq!(loader(&whole[..end]), None, "{end}");
        }
        for at in 0..whole.len() {
            for byte in [0, 1, 2, 0x7f, 0xff] {
                let mut mutant = whole.clone();
                mutant[at] = byte;
                let _ = loader(&mutant);
            }
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_systems_shell_is_read() {
        let head = std::fs::read("/bin/sh").unwrap();
        let kind = kind_of(&head).unwrap();
        // A shell without a loader is static; then none can be found.
        assert_eq!(
            of_system(Path::new("/"), kind).is_some(),
            loader(&head).is_some()
        );
    }
}
