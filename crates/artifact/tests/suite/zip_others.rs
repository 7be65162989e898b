//! What we accept, other readers must see as the same single file: Python's zipfile and Info-ZIP's unzip are asked.
//!
//! Where one of them is missing, its test fails: a second opinion that nobody gave is none.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use lockgate_artifact::zip::Size;

use super::zips::{Parts, REAL, REAL_CONTENT, REAL_NAME, read_named, set16};

/// Prints for each file its number of entries, the name and the content of the first, in hexadecimal.
const PYTHON: &str = "
import sys, zipfile
for line in open(sys.argv[1]):
    with zipfile.ZipFile(line.strip()) as z:
        assert z.testzip() is None
        (entry,) = z.infolist()
        assert not entry.is_dir()
        print(entry.filename, z.read(entry).hex())
";

/// Whatever is accepted of the mutants of the real zips, and all of the leeway.
fn accepted() -> Vec<Vec<u8>> {
    let mut mutants: Vec<Vec<u8>> = Vec::new();
    for (level, real) in REAL {
        mutants.push(real.to_vec());
        for bit in 0..real.len() * 8 {
            let mut mutant = real.to_vec();
            mutant[bit / 8] ^= 1 << (bit % 8);
            mutants.push(mutant);
        }
        for at in 0..real.len() {
            for byte in [0, 1, 0x7f, 0xff] {
                let mut mutant = real.to_vec();
                mutant[at] = byte;
                mutants.push(mutant);
            }
        }
        let parts = Parts::named(REAL_NAME.as_bytes(), REAL_CONTENT, level);
        let mut leeway = parts.clone().without_descriptor();
        mutants.push(leeway.bytes());
        set16(&mut leeway.central, 4, 0x0314);
        leeway.central[38] = 0;
        mutants.push(leeway.bytes());
        leeway.flags(0x800);
        mutants.push(leeway.bytes());
        let mut old = parts;
        old.needed(10);
        mutants.push(old.bytes());
    }
    mutants.retain(|zip| {
        [Size::Exact(15), Size::AtMost(99)]
            .into_iter()
            .any(|size| read_named(zip, REAL_NAME, size).is_ok())
    });
    mutants.sort();
    mutants.dedup();
    assert!(mutants.len() > 40, "{}", mutants.len());
    mutants
}

/// Where a file with all of them, one a line, was put.
fn write_all(folder: &Path, zips: &[Vec<u8>]) -> Vec<String> {
    let names = (0..zips.len()).map(|n| folder.join(format!("{n}.zip")));
    zips.iter()
        .zip(names)
        .map(|(zip, path)| {
            fs::write(&path, zip).unwrap();
            path.to_str().unwrap().to_owned()
        })
        .collect()
}

/// What another reader says.
fn ask(program: &str, args: &[&str]) -> Output {
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output();
    output.unwrap_or_else(|error| {
        panic!("{program} is needed here: {error}; `scripts/setup.sh test` installs it")
    })
}

#[test]
fn python_sees_the_same_single_file() {
    let zips = accepted();
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list");
    fs::write(&list, write_all(folder.path(), &zips).join("\n")).unwrap();
    let output = ask("python3", &["-c", PYTHON, list.to_str().unwrap()]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let hex = REAL_CONTENT.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let expected = format!("{REAL_NAME} {hex}\n").repeat(zips.len());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn unzip_sees_the_same_single_file() {
    let folder = tempfile::tempdir().unwrap();
    for path in write_all(folder.path(), &accepted()) {
        let output = ask("unzip", &["-p", &path]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{path}");
        assert_eq!(output.stdout, REAL_CONTENT);
        let list = ask("unzip", &["-Z1", &path]);
        assert_eq!(list.stdout, format!("{REAL_NAME}\n").as_bytes());
    }
}
