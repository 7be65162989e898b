//! Reads real executables of the test machine with our parser and with the `object` crate; both must agree.

use std::{fs, path::PathBuf};

use lockgate_artifact::executable::{inspect, inspect_slice};

use super::{
    elf_opinions::{agree, seen_by_object},
    elf_refuses::inspect_all_ways,
};

fn real() -> Vec<PathBuf> {
    let mut files = vec![std::env::current_exe().unwrap()];
    for folder in ["/bin", "/usr/bin", "/sbin", "/usr/local/bin", "/usr/lib"] {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        let entries = entries.filter_map(|entry| Some(entry.ok()?.path()));
        files.extend(entries.filter(|path| path.is_file()));
    }
    files
}

#[test]
fn both_parsers_see_the_same_in_real_executables() {
    let (mut accepted, mut versioned) = (0, 0);
    for path in real().into_iter().take(400) {
        let Ok(bytes) = fs::read(&path) else { continue };
        let Ok(Some(seen)) = seen_by_object(&bytes) else {
            continue;
        };
        match inspect_slice(&bytes) {
            Ok(facts) => {
                agree(&facts, &seen);
                accepted += 1;
                versioned += usize::from(seen.versions.is_some() && facts.interpreter.is_some());
            }
            Err(error) => {
                assert_eq!(error.code(), "elf.shared-library", "{path:?}: {error}");
            }
        }
    }
    assert!(accepted > 0 && (versioned > 0 || cfg!(not(target_env = "gnu"))));
}

#[test]
fn this_test_itself_is_an_executable() {
    let path = std::env::current_exe().unwrap();
    let facts = inspect(fs::File::open(&path).unwrap()).unwrap();
    assert_eq!(
        facts.arch().unwrap(),
        std::env::consts::ARCH.parse().unwrap()
    );
    assert!(!facts.exec_stack());
    let streamed = inspect_all_ways(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(streamed, facts);
}
