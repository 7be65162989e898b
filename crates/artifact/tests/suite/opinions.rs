//! What a common Rust library reads from a zip: a second opinion in the same process, for tests and the fuzz target.
//!
//! It finds the directory from the end, trusts it, and needs all of the bytes: the opposite of the crate's reader.

use std::io::{Cursor, Read as _};

use zip::{ZipArchive, result::ZipError};

/// An entry's name, whether it is a plain file, and its content.
pub(crate) type Seen = (Vec<u8>, bool, Vec<u8>);

/// Returns each entry that the library lists. More than `limit` bytes of content are refused.
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

/// Asserts that the library sees the same single file in an accepted zip.
pub(crate) fn agree(bytes: &[u8], name: &str, content: &[u8]) {
    let seen = entries(bytes, content.len() as u64 + 1).expect("accepted");
    let expected = (name.as_bytes().to_vec(), true, content.to_vec());
    assert_eq!(seen, [expected]);
}
