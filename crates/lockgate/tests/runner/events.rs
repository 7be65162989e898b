//! Events in GitHub's own format: its examples, with the few facts replaced that matter here.
//!
//! The rest of an example is unchanged: a workflow that reads it would be wrong here as there.

use serde_json::{Value, json};

use crate::tools::here;

/// Returns an example, moved to this repository.
pub(crate) fn example(name: &str, repository: &str) -> Value {
    let path = here().join(format!("events/{name}.json"));
    let mut event: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let (owner, short) = repository.split_once('/').unwrap();
    put(
        &mut event,
        &[
            ("/repository/full_name", json!(repository)),
            ("/repository/name", json!(short)),
            ("/repository/owner/login", json!(owner)),
            ("/repository/default_branch", json!("main")),
        ],
    );
    event
}

/// Sets facts in an event; each has to exist there already.
pub(crate) fn put(event: &mut Value, facts: &[(&str, Value)]) {
    for (place, fact) in facts {
        let found = event.pointer_mut(place);
        *found.unwrap_or_else(|| panic!("the example has no {place}")) = fact.clone();
    }
}

#[cfg(test)]
mod tests {
    use crate::tools::{here, script, stderr};

    /// The committed examples are byte for byte those of GitHub's package.
    #[test]
    fn the_examples_are_github_s_own() {
        let folder = tempfile::tempdir().unwrap();
        stderr(script("events.mjs").arg(folder.path()));
        let mut total = 0;
        let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        names.sort_by_key(|entry| entry.as_ref().unwrap().file_name());
        for entry in names {
            let entry = entry.unwrap();
            let fresh = std::fs::read(entry.path()).unwrap();
            let kept = std::fs::read(here().join("events").join(entry.file_name())).unwrap();
            assert!(fresh == kept, "{:?} differs", entry.file_name());
            total += kept.len();
        }
        assert!(total > 10_000 && total < 100_000, "{total} bytes");
    }
}
