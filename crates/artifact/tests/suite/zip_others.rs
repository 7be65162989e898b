//! Other readers must see the same single file in every zip that we accept: Python's zipfile, Info-ZIP's unzip and the
//! `zip` crate each read all of them.
//!
//! If one of them is missing, its test fails: a skipped second opinion would prove nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

use lockgate_artifact::zip::Size;

use super::{
    attacks::{self, Class},
    opinions,
    zips::{Parts, REAL, REAL_CONTENT, REAL_NAME, read_named},
};

/// An accepted zip, and what our reader finds in it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Accepted {
    zip: Vec<u8>,
    name: String,
    content: Vec<u8>,
}

/// Every accepted zip among the mutants of the real zips, all changes, and all pairs of changes.
static ACCEPTED: LazyLock<BTreeSet<Accepted>> = LazyLock::new(|| {
    let mut accepted = BTreeSet::new();
    let mut offer = |zip: Vec<u8>, name: &str, size: usize| {
        let sizes = [Size::Exact(size as u64), Size::AtMost(1000)];
        let read = sizes
            .into_iter()
            .find_map(|size| read_named(&zip, name, size).ok());
        if let Some((content, _)) = read {
            let name = name.to_owned();
            accepted.insert(Accepted { zip, name, content });
        }
    };
    for (level, real) in REAL {
        for bit in 0..real.len() * 8 {
            let mut mutant = real.to_vec();
            mutant[bit / 8] ^= 1 << (bit % 8);
            offer(mutant, REAL_NAME, REAL_CONTENT.len());
        }
        for (at, byte) in (0..real.len()).flat_map(|at| [0, 1, 0x7f, 0xff].map(|byte| (at, byte))) {
            let mut mutant = real.to_vec();
            mutant[at] = byte;
            offer(mutant, REAL_NAME, REAL_CONTENT.len());
        }
        for one in attacks::all() {
            for other in attacks::all().filter(|other| !one.is_attack() || !other.is_attack()) {
                let mut parts = Parts::named(REAL_NAME.as_bytes(), REAL_CONTENT, level);
                (one.make)(&mut parts);
                (other.make)(&mut parts);
                offer(parts.bytes(), &parts.asked, parts.plain.len());
            }
        }
    }
    assert!(accepted.len() > 200, "{}", accepted.len());
    accepted
});

/// Writes each zip to a numbered file and returns the paths.
fn write_all<'a>(folder: &Path, zips: impl Iterator<Item = &'a Vec<u8>>) -> Vec<String> {
    zips.enumerate()
        .map(|(number, zip)| {
            let path = folder.join(format!("{number:05}.zip"));
            fs::write(&path, zip).unwrap();
            path.to_str().unwrap().to_owned()
        })
        .collect()
}

/// Runs another reader.
fn ask(program: &str, args: &[&str]) -> Output {
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output();
    output.unwrap_or_else(|error| {
        panic!("{program} is needed here: {error}; `scripts/setup.sh test` installs it")
    })
}

/// Prints a line for each file: name and content of each entry, in hexadecimal, or what was wrong with it.
const PYTHON: &str = "
import sys, warnings, zipfile
warnings.simplefilter('error')
for path in open(sys.argv[1]):
    try:
        with zipfile.ZipFile(path.strip()) as z:
            bad = z.testzip() or any(entry.is_dir() for entry in z.infolist())
            entries = [(e.filename.encode(), z.read(e)) for e in z.infolist()]
        print('bad' if bad else ' '.join(name.hex() + '=' + content.hex() for name, content in entries))
    except Exception as error:
        print('refused', type(error).__name__)
";

/// Returns Python's line for each zip, from one process.
fn python<'a>(zips: impl Iterator<Item = &'a Vec<u8>>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list");
    fs::write(&list, write_all(folder.path(), zips).join("\n")).unwrap();
    let output = ask("python3", &["-c", PYTHON, list.to_str().unwrap()]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(str::to_owned).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

#[test]
fn python_sees_the_same_single_file() {
    let lines = python(ACCEPTED.iter().map(|accepted| &accepted.zip));
    assert_eq!(lines.len(), ACCEPTED.len());
    for (line, accepted) in lines.iter().zip(&*ACCEPTED) {
        let expected = [accepted.name.as_bytes(), &accepted.content]
            .map(hex)
            .join("=");
        assert_eq!(*line, expected, "{:x?}", accepted.zip);
    }
}

#[test]
fn the_zip_crate_sees_the_same_single_file() {
    for accepted in &*ACCEPTED {
        opinions::agree(&accepted.zip, &accepted.name, &accepted.content);
    }
}

/// One process for all zips with the same name and content; unzip has to print that content once for each of them.
#[test]
fn unzip_sees_the_same_single_file() {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for accepted in &*ACCEPTED {
        let group = groups
            .entry((&accepted.name, &accepted.content))
            .or_default();
        group.push(&accepted.zip);
    }
    for ((name, content), zips) in groups {
        let folder = tempfile::tempdir().unwrap();
        let paths = write_all(folder.path(), zips.iter().copied());
        let all = format!("{}/*.zip", folder.path().display());
        let which = if let [one] = paths.as_slice() {
            one
        } else {
            &all
        };
        let output = ask("unzip", &["-p", which]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert_eq!(
            stderr.matches("warning").count() + stderr.matches("error").count(),
            0,
            "{stderr}"
        );
        assert_eq!(output.stdout, content.repeat(zips.len()), "{name}");
        for path in paths.iter().take(20) {
            let list = ask("unzip", &["-Z1", path]);
            assert_eq!(list.stdout, format!("{name}\n").as_bytes());
        }
    }
}

/// Each class has an attack that another reader accepts: the table has to hold ambiguous files, not just broken ones.
#[test]
fn each_class_has_an_attack_that_another_reader_takes_for_a_file() {
    let made: Vec<_> = attacks::all()
        .filter(|change| change.is_attack())
        .map(|change| {
            let mut parts = Parts::named(REAL_NAME.as_bytes(), REAL_CONTENT, 6);
            (change.make)(&mut parts);
            (change.class, parts.bytes())
        })
        .collect();
    let lines = python(made.iter().map(|(_, zip)| zip));
    let mut fell_for: BTreeMap<Class, usize> = BTreeMap::new();
    for ((class, zip), line) in made.iter().zip(lines) {
        let python = line.contains('=');
        let library = opinions::entries(zip, 1 << 21).is_ok_and(|entries| !entries.is_empty());
        *fell_for.entry(*class).or_default() += usize::from(python || library);
    }
    for class in Class::ALL {
        assert!(fell_for[&class] > 0, "{class:?}: {fell_for:?}");
    }
}
