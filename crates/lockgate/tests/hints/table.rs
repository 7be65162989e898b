//! `table.txt` names for every code how its next step was tried: the page of codes, the transcripts and the tests bear it out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const TABLE: &str = include_str!("table.txt");
const PAGE: &str = include_str!("../../../../docs/refusals.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rows: code, kind, and the rest.
fn rows() -> Vec<(&'static str, &'static str, &'static str)> {
    let rows = TABLE
        .lines()
        .filter(|row| !row.is_empty() && !row.starts_with('#'));
    rows.map(|row| {
        let (code, rest) = row.split_once(' ').unwrap();
        let rest = rest.trim_start();
        let (kind, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        (code, kind, rest)
    })
    .collect()
}

/// What the page says to do about each code; nothing where there is nothing to do.
fn steps() -> BTreeMap<&'static str, Option<String>> {
    let parts = PAGE.split("\n### `").skip(1);
    parts
        .map(|part| {
            let (code, text) = part.split_once('`').unwrap();
            let text = text.split("\n## ").next().unwrap();
            let step = text.split_once("**Fix:** ").map(|(_, step)| {
                let step = step.split("\n\n").next().unwrap();
                step.split_whitespace().collect::<Vec<_>>().join(" ")
            });
            (code, step)
        })
        .collect()
}

#[test]
fn every_code_of_the_page_has_one_row_and_no_row_is_left_over() {
    let rows: Vec<&str> = rows().iter().map(|(code, ..)| *code).collect();
    let once: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(once.len(), rows.len(), "a code has two rows");
    let codes: BTreeSet<&str> = steps().into_keys().collect();
    let differ: Vec<_> = codes.symmetric_difference(&once).collect();
    assert!(differ.is_empty(), "{differ:?}");
}

#[test]
fn every_row_is_borne_out() {
    let (rows, steps) = (rows(), steps());
    let kind_of = |code: &str| rows.iter().find(|row| row.0 == code).map(|row| row.1);
    let mut wrong = Vec::new();
    let mut untried = BTreeMap::new();
    for (code, kind, rest) in &rows {
        let good = match *kind {
            "rehearsal" => rehearsed(code, rest),
            "test" => tested(code, rest),
            "same" => {
                let tried = matches!(kind_of(rest), Some("rehearsal" | "test"));
                let step = steps.get(code).cloned().flatten();
                let also = step.is_some_and(|step| {
                    let refers = step.contains(&format!("[`{rest}`]"));
                    refers || Some(step) == steps.get(rest).cloned().flatten()
                });
                (tried && also)
                    .then_some(())
                    .ok_or("the page gives another step")
            }
            "note" => match &steps[code] {
                None => Ok(()),
                Some(_) => Err("the page says what to do"),
            },
            "person" | "library" => {
                *untried.entry(*kind).or_insert(0) += 1;
                Ok(())
            }
            _ => Err("there is no such kind"),
        };
        if let Err(problem) = good {
            wrong.push(format!("{code}: {problem}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // One more needs a reason: most of these can be tried.
    assert_eq!(untried, BTreeMap::from([("library", 17), ("person", 9)]));
}

/// In the transcript: what is refused, the step behind it, and how that ended. Other tests hold the transcript true.
fn rehearsed(code: &str, rest: &str) -> Result<(), &'static str> {
    let cells: Vec<&str> = rest.split(" | ").collect();
    let (name, step, ending, sight) = match cells.as_slice() {
        [name, step, ending] => (name, step, ending, format!("({code}): ")),
        [name, step, ending, sight] => (name, step, ending, (*sight).to_owned()),
        _ => return Err("it has no name, step and ending"),
    };
    let path = root().join(format!("rehearsals/{name}.txt"));
    let text = std::fs::read_to_string(path).map_err(|_| "there is no such rehearsal")?;
    // Each instruction with what it said.
    let blocks: Vec<&str> = text.split("\n> ").collect();
    let shows = |block: &&str| {
        let mut lines = block.lines().skip(1);
        lines.any(|line| line.contains(&sight) || line.contains(&format!("({code})")))
    };
    let refused = blocks
        .iter()
        .position(&shows)
        .ok_or("the transcript does not show it")?;
    let behind = blocks.get(refused + 1..).unwrap_or_default();
    let is_step = |block: &&str| block.lines().next() == Some(step);
    let taken = behind
        .iter()
        .position(is_step)
        .ok_or("the step is not behind it")?;
    let ends = |block: &&str| {
        let mut lines = block.lines().skip(1);
        let bad = |line: &str| line.starts_with("exit ") && line != "exit 0";
        let good = !block.lines().any(bad) && !shows(block);
        good && lines.any(|line| line.contains(ending))
    };
    let rest = behind.get(taken..).unwrap_or_default();
    rest.iter()
        .any(ends)
        .then_some(())
        .ok_or("the step does not end so")
}

/// `CRATE::FILE::NAME`: the test is there, and its file names the code.
fn tested(code: &str, reference: &str) -> Result<(), &'static str> {
    let parts: Vec<&str> = reference.split("::").collect();
    let [krate, file @ .., name] = parts.as_slice() else {
        return Err("it names no test");
    };
    let file = file.join("/");
    let places =
        ["src", "tests"].map(|place| root().join(format!("crates/{krate}/{place}/{file}.rs")));
    let texts = places
        .iter()
        .filter_map(|place| std::fs::read_to_string(place).ok());
    let text = texts.collect::<String>();
    let test = format!("#[test]\nfn {name}()");
    match (
        text.contains(&test),
        text.contains(&format!("\"{code}\"")) || text.contains(&format!("({code})")),
    ) {
        (true, true) => Ok(()),
        (false, _) => Err("there is no such test"),
        (true, false) => Err("the file does not name the code"),
    }
}
