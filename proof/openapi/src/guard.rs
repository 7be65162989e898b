//! For a test: collects its exchanges, and fails it at its end where one is not as described.

use std::sync::{Arc, Mutex, PoisonError};

use crate::findings_in;

/// Collects exchanges. Dropping it, at the end of a test, panics where one has findings.
#[derive(Debug, Default)]
pub struct Guard {
    seen: Arc<Mutex<String>>,
}

impl Guard {
    /// What takes an exchange as the forge writes it, on whichever thread.
    pub fn collector(&self) -> impl Fn(&str) + Send + Sync + 'static {
        let seen = Arc::clone(&self.seen);
        move |line| {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push_str(line);
            seen.push('\n');
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A test that has failed already says more.
        if std::thread::panicking() {
            return;
        }
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match findings_in(&seen) {
            Ok(found) => found.iter().map(ToString::to_string).collect(),
            Err(error) => vec![error.to_string()],
        };
        assert!(
            found.is_empty(),
            "not as GitHub describes it:\n{}",
            found.join("\n")
        );
    }
}
