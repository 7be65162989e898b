//! A cache of responses that are likely to be requested again, with their ETags.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::paging::Page;

/// The most entries. More would mean that this is used for other reads than the few that a promotion repeats.
const KEPT: usize = 64;

#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<String, (String, Page)>>);

impl Memory {
    /// Returns the ETag and the page of an address.
    pub(super) fn recall(&self, url: &str) -> Option<(String, Page)> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(url)
            .cloned()
    }

    pub(super) fn keep(&self, url: &str, tag: &str, page: &Page) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(url.to_owned(), (tag.to_owned(), page.clone()));
    }
}
