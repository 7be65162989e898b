//! Parses a receipt and a withdrawal. Accepted documents survive a round trip, and the accompanying sums are readable.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use lockgate_core::document::{Document, Receipt, Sums, Withdrawal};

fuzz_target!(|bytes: &[u8]| {
    same_again::<Withdrawal>(bytes);
    if let Some(receipt) = same_again::<Receipt>(bytes) {
        let sums = receipt.sums();
        assert_eq!(Sums::parse(sums.to_string().as_bytes()).as_ref(), Ok(&sums));
        for (name, digest) in sums.iter() {
            assert_eq!(receipt.executable(name).map(|it| it.sha256), Some(digest));
        }
    }
});

fn same_again<D: Document + PartialEq + Debug>(bytes: &[u8]) -> Option<D> {
    match D::from_json(bytes) {
        Ok(document) => {
            let json = document.to_json();
            let again = D::from_json(json.as_bytes());
            assert_eq!(again.as_ref(), Ok(&document));
            assert_eq!(again.unwrap().to_json(), json);
            Some(document)
        }
        Err(problem) => {
            assert!(
                !problem.to_string().contains(char::is_control),
                "{problem:?}"
            );
            None
        }
    }
}
