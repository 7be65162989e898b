//! Parses an event file. Everything read from it is safe in a URL, a git command or a comment.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockgate::event::Event;
use lockgate_core::{BranchName, CommitId};

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = Event::parse(bytes) else {
        return;
    };
    assert_eq!(Event::parse(bytes).unwrap(), event);
    if let Some(pull) = &event.pull_request {
        is_commit(&pull.head.sha);
        is_branch(&pull.base.branch);
    }
    if let Some(group) = &event.merge_group {
        is_commit(&group.head_sha);
        is_commit(&group.base_sha);
    }
});

fn is_commit(id: &CommitId) {
    assert!(matches!(id.as_str().len(), 40 | 64));
    assert!(id.as_str().bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(id.short().len(), 12);
}

fn is_branch(name: &BranchName) {
    let name = name.as_str();
    assert!(
        !name.starts_with('-')
            && !name.contains("..")
            && !name.contains(|c: char| c.is_control() || c == ' ')
    );
}
