//! Parses a `SHA256SUMS`. The strict reader writes what it read byte for byte, and the one for edited pins reads the same from
//! it; the client uses the latter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockgate_client::Trust;
use lockgate_core::document::Sums;

fuzz_target!(|bytes: &[u8]| {
    let edited = Sums::parse_edited(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        match Trust::pins(text) {
            Ok(trust) => assert_eq!(Ok(trust), edited.clone().map(Trust::Pins)),
            Err(_) => assert!(edited.is_err()),
        }
    }
    if let Ok(sums) = &edited {
        assert!(sums.iter().is_sorted() && sums.iter().count() > 0);
        assert!(
            sums.iter()
                .all(|(name, digest)| sums.get(name) == Some(digest))
        );
        // What is written of it is what the strict reader wants.
        let again = Sums::parse(sums.to_string().as_bytes());
        assert_eq!(again.as_ref(), Ok(sums));
    }
    if let Ok(strict) = Sums::parse(bytes) {
        assert_eq!(strict.to_string().as_bytes(), bytes);
        assert_eq!(Ok(strict), edited);
    }
});
