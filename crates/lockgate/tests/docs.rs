//! Checks the documentation against the code: codes, references, links and names.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]
#![expect(clippy::panic, reason = "a test that cannot go on stops")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns every code that the workspace can produce.
fn codes() -> BTreeSet<String> {
    let mut all: Vec<&str> = lockgate_core::codes();
    all.extend(lockgate::command_error::CommandError::CODES);
    all.extend(lockgate::commands::init::Problem::CODES);
    all.extend(lockgate::commands::check::Drift::CODES);
    all.extend(lockgate_workflows::lint::codes());
    all.extend(lockgate_client::codes());
    all.extend(lockgate_artifact::digest::DigestError::CODES);
    all.extend(lockgate_artifact::zip::ZipError::CODES);
    all.extend(lockgate_artifact::artifact::ArtifactError::CODES);
    all.extend(lockgate_artifact::executable::InspectError::CODES);
    all.extend(lockgate_artifact::executable::Violation::CODES);
    all.extend(["promote.wrong-bytes", "usage.arguments"]);
    all.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_code_has_its_heading_and_no_heading_is_left_over() {
    let page = read("docs/refusals.md");
    let headings: Vec<String> = page
        .lines()
        .filter_map(|line| Some(line.strip_prefix("### `")?.strip_suffix('`')?.to_owned()))
        .collect();
    let found: BTreeSet<String> = headings.iter().cloned().collect();
    assert_eq!(found.len(), headings.len(), "a heading stands twice");
    let codes = codes();
    let missing: Vec<_> = codes.difference(&found).collect();
    let stale: Vec<_> = found.difference(&codes).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "missing: {missing:?}\nstale: {stale:?}"
    );
}

#[test]
fn every_code_of_the_client_has_its_exception_in_the_python_package_and_its_page() {
    let classes = read("crates/python/python/lockgate/_errors.py");
    let page = read("docs/python.md");
    for code in lockgate_client::codes() {
        let row = format!("\n    \"{code}\": ");
        let class = classes.split_once(&row).map(|(_, rest)| rest);
        let class = class.and_then(|rest| rest.split(',').next());
        let class = class.unwrap_or_else(|| panic!("{code} has no exception"));
        assert!(
            page.contains(&format!("| `{class}` | `{code}` |")),
            "{code}"
        );
    }
}

#[test]
fn every_reference_of_the_requirements_resolves() {
    let page = read("docs/contributing/requirements.md");
    let (seen, lost) = references(&page);
    assert!(seen > 100, "only {seen} references were found");
    assert!(lost.is_empty(), "{lost:?}");
}

/// Each attack has a test that would fail if it worked; the list is complete, and none of its tests is missing.
#[test]
fn every_threat_has_its_tests() {
    let page = read("docs/contributing/threats.md");
    let rows: Vec<&str> = page
        .lines()
        .filter(|row| {
            row.starts_with("| ") && row.as_bytes().get(2).is_some_and(u8::is_ascii_digit)
        })
        .collect();
    assert_eq!(rows.len(), 36);
    for (at, row) in rows.iter().enumerate() {
        assert!(row.starts_with(&format!("| {} |", at + 1)), "{row}");
        let (seen, lost) = references(row);
        assert!(seen > 0 && lost.is_empty(), "row {}: {lost:?}", at + 1);
    }
}

/// Returns how many `file:`, `test:`, `rehearsal:`, `command:` and `code:` references there are, and which of them are
/// broken.
fn references(page: &str) -> (usize, Vec<&str>) {
    let codes = codes();
    let mut seen = 0;
    let mut lost = Vec::new();
    for word in page.split('`').skip(1).step_by(2) {
        let Some((kind, what)) = word.split_once(':') else {
            continue;
        };
        // The page explains the syntax itself.
        if what
            .chars()
            .all(|c| c.is_ascii_uppercase() || c == ':' || c == '_')
        {
            continue;
        }
        let found = match kind {
            "file" => root().join(what).exists(),
            "rehearsal" => root().join(format!("rehearsals/{what}.txt")).exists(),
            "command" => help_knows(what),
            "code" => codes.contains(what),
            "test" => test_exists(what),
            _ => continue,
        };
        seen += 1;
        if !found {
            lost.push(word);
        }
    }
    (seen, lost)
}

fn help_knows(command: &str) -> bool {
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args([command, "--help"])
        .output()
        .unwrap();
    output.status.success()
}

/// `CRATE_DIR::FILE::NAME`, where FILE is the path below `src/` or `tests/` with `::` for `/`.
fn test_exists(reference: &str) -> bool {
    let parts: Vec<&str> = reference.split("::").collect();
    let [krate, file @ .., name] = parts.as_slice() else {
        return false;
    };
    let path = file.join("/");
    let folders = ["crates", "proof"]
        .into_iter()
        .flat_map(|rank| ["src", "tests"].map(|place| format!("{rank}/{krate}/{place}/{path}")));
    let places = folders.flat_map(|file| [format!("{file}.rs"), format!("{file}/mod.rs")]);
    places
        .map(|place| root().join(place))
        .filter(|place| place.is_file())
        .any(|place| {
            std::fs::read_to_string(place).is_ok_and(|text| text.contains(&format!("fn {name}(")))
        })
}

/// Returns all source files, which may contain messages for users.
fn sources() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = ["crates", "proof"]
        .into_iter()
        .flat_map(|rank| std::fs::read_dir(root().join(rank)).unwrap())
        .map(|entry| entry.unwrap().path().join("src"))
        .filter(|path| path.is_dir())
        .collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.retain(|path| path.extension().is_some_and(|end| end == "rs"));
    found
}

/// A next step that does not work is worse than none: each command in a message or on a page must exist, with its
/// options.
#[test]
fn every_command_that_people_are_told_to_type_is_understood() {
    let mut reported = BTreeSet::new();
    for file in sources().into_iter().chain(pages()) {
        // Commands of earlier versions may be gone.
        if file.ends_with("CHANGELOG.md") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let spans = text
            .lines()
            .flat_map(|line| line.split('`').skip(1).step_by(2));
        let shown = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("$ "));
        let lines = spans.chain(shown);
        reported.extend(lines.filter_map(|line| line.strip_prefix("lockgate ").map(str::to_owned)));
    }
    assert!(reported.len() > 30, "{}", reported.len());
    let mut helps: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    let mut wrong = Vec::new();
    for line in &reported {
        let mut words = line.split(' ').filter(|word| !word.is_empty());
        let command = words.next().unwrap_or_default().to_owned();
        let is_name = command.bytes().all(|b| b.is_ascii_lowercase());
        // `lockgate --version`, `lockgate {name}`: no command is named. The others are not our commands: the parser's
        // own, and the first line of a fingerprint's input.
        if command.is_empty() || !is_name || ["help", "fingerprint"].contains(&command.as_str()) {
            continue;
        }
        let help = helps.entry(command.clone()).or_insert_with(|| {
            let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
                .args([&command, "--help"])
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap()
        });
        let options = words
            .map(|word| word.trim_matches(|c| "[](),.;:".contains(c)))
            .filter(|word| word.starts_with("--"))
            .map(|word| word.split('=').next().unwrap_or(word));
        let unknown: Vec<&str> = options
            .filter(|option| {
                let mut known = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
                !known.any(|it| it == *option)
            })
            .collect();
        if help.is_empty() || !unknown.is_empty() {
            wrong.push(format!("lockgate {line}: {unknown:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn pages() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["docs", "docs/contributing"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    found.extend(
        [
            "README.md",
            "ARCHITECTURE.md",
            "CHANGELOG.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
        ]
        .map(|name| root().join(name)),
    );
    found.retain(|path| path.extension().is_some_and(|end| end == "md"));
    found
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut lost = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if target.contains("://") || target.contains(' ') {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let linked = match path {
                "" => page.clone(),
                path => page.parent().unwrap().join(path),
            };
            let is_page = linked.extension().is_some_and(|end| end == "md");
            let found = linked.exists()
                && (anchor.is_empty()
                    || !is_page
                    || anchors(&std::fs::read_to_string(&linked).unwrap()).contains(anchor));
            if !found {
                lost.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

/// The anchors of a page: those that GitHub makes of its headings, and those that it names itself.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut code = false;
    for line in page.lines() {
        code ^= line.starts_with("```");
        if let Some(name) = line.strip_prefix("<a id=\"") {
            found.extend(name.split('"').next().map(str::to_owned));
        } else if !code && line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            found.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
    }
    found
}

#[test]
fn every_command_and_every_script_word_has_its_place_in_the_docs() {
    let commands = read("docs/commands.md");
    for command in [
        "init",
        "check",
        "detect",
        "build",
        "report",
        "gate",
        "promote",
        "verify",
        "fetch",
        "mirror",
        "withdraw",
        "rehearse",
        "completions",
        "man",
    ] {
        assert!(
            commands.contains(&format!("lockgate {command}")),
            "{command}"
        );
    }
    let rehearse = read("docs/rehearse.md");
    let mut words = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("rehearsals")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        words.extend(text.lines().filter_map(|line| {
            line.strip_prefix("> ")?
                .split(' ')
                .next()
                .map(str::to_owned)
        }));
    }
    let unexplained: Vec<_> = words
        .iter()
        .filter(|word| !rehearse.contains(&format!("`{word}")))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
}

#[test]
fn nothing_is_left_to_be_filled_in() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for mark in ["<!-- story", "<!-- figure", "<!-- script", "TODO", "FIXME"] {
            assert!(!text.contains(mark), "{} holds {mark}", page.display());
        }
    }
}

/// Each crate has a section whose table lists exactly its dependencies, and a paragraph that begins with `Tests:` for
/// exactly its development dependencies.
#[test]
fn the_page_on_dependencies_lists_those_of_the_manifests() {
    let page = read("docs/contributing/dependencies.md");
    let mut sections: std::collections::BTreeMap<&str, &str> = page
        .split("\n## `")
        .skip(1)
        .filter_map(|section| section.split_once('`'))
        .collect();
    for rank in ["crates", "proof"] {
        for entry in std::fs::read_dir(root().join(rank)).unwrap() {
            let folder = entry.unwrap();
            let name = format!("{rank}/{}", folder.file_name().into_string().unwrap());
            let Ok(manifest) = std::fs::read_to_string(folder.path().join("Cargo.toml")) else {
                continue;
            };
            let section = sections.remove(name.as_str()).unwrap_or_default();
            // A section ends at the next heading, even if that is not a crate's.
            let section = section.split("\n## ").next().unwrap_or_default();
            let rows: Vec<&str> = section
                .lines()
                .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
                .collect();
            let tests = section
                .split("\n\n")
                .find_map(|paragraph| paragraph.strip_prefix("Tests: "))
                .unwrap_or_default();
            for (listed, kind) in [
                (rows.join(" "), "dependencies"),
                (tests.to_owned(), "dev-dependencies"),
            ] {
                let listed: BTreeSet<&str> = listed.split('`').skip(1).step_by(2).collect();
                assert_eq!(listed, declared(&manifest, kind), "{name}, {kind}");
            }
        }
    }
    assert!(sections.is_empty(), "no such crate: {sections:?}");
}

/// Returns the names in the tables of this kind, `[dependencies]` and `[target.….dependencies]` alike.
fn declared<'a>(manifest: &'a str, kind: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines() {
        if let Some(table) = line.strip_prefix('[') {
            let last = table.trim_end_matches(']').rsplit('.').next();
            inside = last == Some(kind);
        } else if inside && line.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            found.extend(line.split(['.', ' ', '=']).next());
        }
    }
    found
}
