//! Scripts and headings in the documentation depend on codes: they are unique and have one shape.

use std::collections::BTreeSet;

use lockgate_artifact::{
    artifact::ArtifactError,
    digest::DigestError,
    executable::{InspectError, Violation},
    zip::ZipError,
};

#[test]
fn codes_are_unique_and_shaped_alike() {
    let all = [
        ZipError::CODES,
        ArtifactError::CODES,
        DigestError::CODES,
        InspectError::CODES,
        Violation::CODES,
    ]
    .concat();
    let unique: BTreeSet<_> = all.iter().collect();
    assert_eq!(unique.len(), all.len());
    for code in all {
        let (family, rest) = code.split_once('.').unwrap();
        let plain = |s: &str| {
            !s.is_empty()
                && s.bytes()
                    .all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        };
        assert!(plain(family) && plain(rest), "{code}");
    }
}
