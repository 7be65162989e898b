//! Parses a version file. An accepted version is written back unchanged, has a higher successor, and is the only
//! content of the file.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use lockgate_core::{Scheme, Version};

fuzz_target!(|bytes: &[u8]| {
    for scheme in [Scheme::Integer, Scheme::Semver] {
        match Version::from_file(scheme, bytes) {
            Ok(version) => check(scheme, &version, bytes),
            Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
        }
    }
});

fn check(scheme: Scheme, version: &Version, bytes: &[u8]) {
    let text = version.to_string();
    assert_eq!(version.scheme(), scheme);
    assert!(text.len() <= 64);
    let rest = bytes.strip_prefix(text.as_bytes());
    assert!(matches!(rest, Some(b"" | b"\n" | b"\r\n")));
    assert_eq!(Version::parse(scheme, &text).as_ref(), Ok(version));
    assert_eq!(text.parse::<Version>().as_ref(), Ok(version));
    let json = serde_json::to_string(version).unwrap();
    assert_eq!(serde_json::from_str::<Version>(&json).unwrap(), *version);

    let Some(next) = version.successor() else {
        return;
    };
    assert!(next > *version);
    assert_eq!(
        Version::parse(scheme, &next.to_string()).as_ref(),
        Ok(&next)
    );
    assert_eq!(version.next_free(&BTreeSet::new()).as_ref(), Some(&next));
    let taken = BTreeSet::from([next.clone()]);
    if let Some(free) = version.next_free(&taken) {
        assert!(free > next);
    }
}
