//! Parses a `SHA256SUMS`. Core writes what it read byte for byte, and the client reads the same from it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockgate_client::Trust;
use lockgate_core::document::Sums;

fuzz_target!(|bytes: &[u8]| {
    let strict = Sums::parse(bytes);
    let tolerant = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| match Trust::pins(text) {
            Ok(Trust::Pins(sums)) => Some(sums),
            Ok(Trust::Receipt(_)) | Err(_) => None,
        });
    let Ok(strict) = strict else {
        return;
    };
    assert_eq!(strict.to_string().as_bytes(), bytes);
    assert!(strict.iter().is_sorted() && strict.iter().count() > 0);
    assert!(
        strict
            .iter()
            .all(|(name, digest)| strict.get(name) == Some(*digest))
    );

    let tolerant = tolerant.expect("what is written by the rules is read by the client");
    let strict: Vec<_> = strict
        .iter()
        .map(|(name, digest)| (name.to_string(), digest.to_string()))
        .collect();
    let tolerant: Vec<_> = tolerant
        .iter()
        .map(|(name, digest)| (name.to_owned(), digest.to_string()))
        .collect();
    assert_eq!(strict, tolerant);
});
