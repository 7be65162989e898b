//! Answers that are likely to be asked for again, with the tags by which the forge knows them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::paging::Page;

/// More would mean that this is used for something else than the few reads that a promotion repeats.
const KEPT: usize = 64;

#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<String, (String, Page)>>);

impl Memory {
    /// The tag and the page of an address.
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
