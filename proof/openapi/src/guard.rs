//! Collects a test's exchanges, and fails the test at its end if one does not match the description.

use std::sync::{Arc, Mutex, PoisonError};

use crate::findings_in;

/// Collects exchanges. Dropping it, at the end of a test, panics if an exchange has findings.
#[derive(Debug, Default)]
pub struct Guard {
    seen: Arc<Mutex<String>>,
}

impl Guard {
    /// Returns a callback that accepts exchanges as the fake GitHub writes them, on any thread.
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
        // A test that has failed already has a better message.
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
