//! Each rule finds exactly its bad workflow; generated workflows violate none.

use std::collections::BTreeSet;
use std::path::Path;

use lockgate_core::Reason as _;
use lockgate_workflows::lint::{self, Finding};

use crate::support::{config, configs, fresh};

/// A fixture, which is named after the rule that finds it and begins with its path and the lines to be found.
struct Fixture {
    code: String,
    path: String,
    lines: Vec<usize>,
    text: String,
}

fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut all: Vec<Fixture> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let head: Vec<&str> = text
                .lines()
                .next()
                .unwrap()
                .trim_start_matches("# ")
                .split(' ')
                .collect();
            let [name, lines @ ..] = head.as_slice() else {
                panic!("{path:?}")
            };
            Fixture {
                code: format!(
                    "lint.{}",
                    path.file_stem()
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .split('@')
                        .next()
                        .unwrap()
                ),
                path: format!(".github/workflows/{name}"),
                lines: lines.iter().map(|line| line.parse().unwrap()).collect(),
                text: text.clone(),
            }
        })
        .collect();
    all.sort_by(|a, b| a.code.cmp(&b.code));
    all
}

#[test]
fn each_bad_workflow_is_found_by_its_rule_alone_and_each_rule_has_one() {
    let config = config(&["tool"], &["amd64"], "");
    let mut seen = BTreeSet::new();
    for fixture in fixtures() {
        let found = lint::lint(&config, &fixture.path, &fixture.text);
        let got: Vec<(&str, usize)> = found
            .iter()
            .map(|finding| (finding.code(), finding.line))
            .collect();
        let wanted: Vec<(&str, usize)> = fixture
            .lines
            .iter()
            .map(|line| (fixture.code.as_str(), *line))
            .collect();
        assert_eq!(got, wanted, "{}\n{found:#?}", fixture.text);
        assert!(
            found
                .iter()
                .all(|finding| !finding.hint().is_empty() && !finding.to_string().is_empty())
        );
        seen.insert(fixture.code);
    }
    let rules: BTreeSet<String> = lint::codes().into_iter().map(str::to_owned).collect();
    assert_eq!(seen, rules);
}

#[test]
fn each_rule_is_one_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lint");
    let files = std::fs::read_dir(folder).unwrap().count();
    // In addition: `mod.rs` and `doc.rs`.
    assert_eq!(files, lint::RULES.len() + 2);
}

#[test]
fn what_is_written_breaks_no_rule() {
    for config in configs() {
        for file in fresh(&config) {
            let found: Vec<Finding> = lint::lint(&config, &file.path, &file.text);
            assert!(found.is_empty(), "{found:#?}");
        }
    }
}

#[test]
fn what_people_add_is_linted_too() {
    let config = config(&["tool"], &["amd64"], "");
    let file = fresh(&config).swap_remove(0);
    let mark = "      # lockgate:begin-custom before-build\n";
    let cache = format!("{mark}      - uses: actions/cache@{}\n", "a".repeat(40));
    let text = file.text.replace(mark, &cache);
    let found = lint::lint(&config, &file.path, &text);
    let codes: BTreeSet<&str> = found.iter().map(|finding| finding.code()).collect();
    // It is a cache, and it is a third action.
    assert_eq!(codes, BTreeSet::from(["lint.actions", "lint.cache"]));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_rule_panic(text in "(on|jobs|steps|uses|run|with|permissions|a|[-:#&*|'\"\\[\\]{}, \\n]){0,60}") {
        let config = config(&["tool"], &["amd64"], "");
        for name in ["build-tool", "gate-tool", "other"] {
            let _ = lint::lint(&config, &format!(".github/workflows/{name}.yml"), &text);
        }
    }
}
