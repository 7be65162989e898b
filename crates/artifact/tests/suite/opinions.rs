//! What a common Rust library sees in a zip: a second opinion within the process, for tests and the fuzz target.
//!
//! It looks for the directory from the end, believes it, and needs all of the bytes: the opposite of the crate's reader.

use std::io::{Cursor, Read as _};

use zip::{ZipArchive, result::ZipError};

/// An entry's name, whether it is a plain file, and its content.
pub(crate) type Seen = (Vec<u8>, bool, Vec<u8>);

/// Each entry that the library lists. More than `limit` bytes of content are not taken.
pub(crate) fn entries(bytes: &[u8], limit: u64) -> Result<Vec<Seen>, ZipError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    (0..archive.len())
        .map(|at| {
            let entry = archive.by_index(at)?;
            let (name, is_file) = (entry.name_raw().to_vec(), entry.is_file());
            let mut content = Vec::new();
            entry.take(limit).read_to_end(&mut content)?;
            Ok((name, is_file, content))
        })
        .collect()
}

/// What was accepted is, for the library, the same single file.
pub(crate) fn agree(bytes: &[u8], name: &str, content: &[u8]) {
    let seen = entries(bytes, content.len() as u64 + 1).expect("accepted");
    let expected = (name.as_bytes().to_vec(), true, content.to_vec());
    assert_eq!(seen, [expected]);
}
