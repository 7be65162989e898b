//! Parses a candidate's manifest, and the part that one build produces. Accepted documents survive a round trip.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use lockgate_core::document::{Candidate, Document, Part, Sums};

fuzz_target!(|bytes: &[u8]| {
    same_again::<Part>(bytes);
    if let Some(Candidate::Complete(manifest)) = same_again::<Candidate>(bytes) {
        let sums = Sums::of(&manifest);
        assert_eq!(Sums::parse(sums.to_string().as_bytes()).as_ref(), Ok(&sums));
        for executable in &manifest.executables {
            assert_eq!(sums.get(&executable.name), Some(executable.sha256));
            assert_eq!(manifest.executable(&executable.variant), Some(executable));
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
