use super::*;
use crate::ids::*;
use proptest::prelude::*;

fn manifest() -> Manifest {
    let executable = |variant: &str| Executable {
        variant: variant.parse().unwrap(),
        name: format!("inspect-tool-support-{variant}-v2")
            .parse()
            .unwrap(),
        size: 1000,
        sha256: Digest::of(variant.as_bytes()),
        headers: "ELF 64-bit little-endian, static".to_owned(),
        header_ranges: HeaderRanges::default(),
        smoke: Some(Smoke {
            result: SmokeResult::Passed,
            emulator: None,
        }),
        build_seconds: 3,
        attempt: None,
    };
    Manifest {
        package: "tool-support".parse().unwrap(),
        package_version: "2".parse().unwrap(),
        fingerprint: Fingerprint(Digest::of(b"tree")),
        commit: "a".repeat(40).parse().unwrap(),
        run: RunId(9001),
        attempt: Attempt(1),
        executables: vec![executable("amd64"), executable("arm64")],
    }
}

fn part(variant: usize) -> Part {
    let m = manifest();
    Part {
        package: m.package,
        package_version: m.package_version,
        fingerprint: m.fingerprint,
        commit: m.commit,
        run: m.run,
        attempt: m.attempt,
        result: PartResult::Built(m.executables[variant].clone()),
    }
}

fn names() -> Vec<VariantName> {
    vec!["amd64".parse().unwrap(), "arm64".parse().unwrap()]
}

fn failed(candidate: &Candidate) -> Vec<&str> {
    match candidate {
        Candidate::Complete(_) => Vec::new(),
        Candidate::Failed { failed, .. } => failed.iter().map(|f| f.code.as_str()).collect(),
    }
}

#[test]
fn the_newest_part_of_each_variant_counts_up_to_this_attempt() {
    let second = Manifest {
        attempt: Attempt(2),
        ..manifest()
    };
    let at = |variant: usize, attempt: u64| Part {
        attempt: Attempt(attempt),
        ..part(variant)
    };
    let attempts = |parts: &[Part]| -> Vec<Option<u64>> {
        match Candidate::join(&second, &names(), parts) {
            Candidate::Complete(manifest) => manifest
                .executables
                .iter()
                .map(|it| it.attempt.map(|it| it.0))
                .collect(),
            failed @ Candidate::Failed { .. } => panic!("{failed:?}"),
        }
    };
    let expected: Vec<Option<u64>> = vec![Some(1), None];
    assert_eq!(attempts(&[at(0, 1), at(1, 2)]), expected);
    // The variant that failed in the first attempt is built by now; a third attempt does not belong to this one.
    let failure = Part {
        result: PartResult::Failed(FailedVariant {
            variant: "arm64".parse().unwrap(),
            code: "build.command-failed".to_owned(),
            problem: "it failed".to_owned(),
            next: String::new(),
            log_tail: Vec::new(),
        }),
        ..at(1, 1)
    };
    assert_eq!(
        attempts(&[failure.clone(), at(0, 1), at(1, 2), at(1, 3)]),
        expected
    );
    let join = |parts: &[Part]| Candidate::join(&second, &names(), parts);
    assert_eq!(
        failed(&join(&[at(0, 1), failure])),
        ["build.command-failed"]
    );
    assert_eq!(failed(&join(&[at(0, 3), at(1, 2)])), ["build.no-part"]);
    assert_eq!(
        failed(&join(&[at(0, 1), at(0, 1), at(1, 2)])),
        ["build.two-parts"]
    );
}

#[test]
fn a_candidate_is_all_variants_or_none() {
    let join = |parts: &[Part]| Candidate::join(&manifest(), &names(), parts);
    assert_eq!(join(&[part(1), part(0)]), Candidate::Complete(manifest()));
    assert_eq!(failed(&join(&[part(0)])), ["build.no-part"]);
    assert_eq!(
        failed(&join(&[part(0), part(0), part(1)])),
        ["build.two-parts"]
    );
    let mutants: [fn(&mut Part); 5] = [
        |p| p.package = "other".parse().unwrap(),
        |p| p.package_version = "3".parse().unwrap(),
        |p| p.fingerprint = Fingerprint(Digest::of(b"other")),
        |p| p.commit = "b".repeat(40).parse().unwrap(),
        |p| p.run = RunId(1),
    ];
    for mutate in mutants {
        let mut other = part(1);
        mutate(&mut other);
        assert_eq!(failed(&join(&[part(0), other])), ["build.other-part"]);
    }
}

#[test]
fn documents_read_what_they_write() {
    let candidate = Candidate::Complete(manifest());
    assert_eq!(
        Candidate::from_json(candidate.to_json().as_bytes()),
        Ok(candidate)
    );
    assert_eq!(Part::from_json(part(0).to_json().as_bytes()), Ok(part(0)));
    let listed = Part {
        result: PartResult::Built(with_ranges(vec![10..20, 900..1000])),
        ..part(0)
    };
    let json = listed.to_json();
    assert!(json.contains("\"10+10\"") && json.contains("\"900+100\""));
    assert_eq!(Part::from_json(json.as_bytes()), Ok(listed));
    let sums = Sums::of(&manifest());
    assert_eq!(Sums::parse(sums.to_string().as_bytes()), Ok(sums));
}

fn with_ranges(ranges: Vec<std::ops::Range<u64>>) -> Executable {
    Executable {
        header_ranges: HeaderRanges::new(ranges).unwrap(),
        ..manifest().executables[0].clone()
    }
}

#[test]
fn header_ranges_beyond_the_executable_are_refused() {
    let mut manifest = manifest();
    manifest.executables[0] = with_ranges(vec![10..20, 900..1001]);
    let part = Part {
        result: PartResult::Built(manifest.executables[0].clone()),
        ..part(0)
    };
    let manifest = Candidate::Complete(manifest).to_json();
    for (what, problem) in [
        (
            "candidate's manifest",
            Candidate::from_json(manifest.as_bytes()).unwrap_err(),
        ),
        (
            "result of a build job",
            Part::from_json(part.to_json().as_bytes()).unwrap_err(),
        ),
    ] {
        assert_eq!(
            problem.to_string(),
            format!(
                "the {what} cannot be read: the header range 900+101 goes beyond the 1000 bytes of its executable"
            )
        );
    }
}

#[test]
fn a_document_that_lists_nothing_or_something_twice_is_refused() {
    let code = |manifest: Manifest| {
        Candidate::from_json(Candidate::Complete(manifest).to_json().as_bytes()).unwrap_err()
    };
    let with = |change: fn(&mut Manifest)| {
        let mut manifest = manifest();
        change(&mut manifest);
        code(manifest).to_string()
    };
    insta::assert_snapshot!(with(|m| m.executables.clear()), @"the candidate's manifest cannot be read: it lists no executable");
    insta::assert_snapshot!(with(|m| m.executables[1] = m.executables[0].clone()), @"the candidate's manifest cannot be read: it lists inspect-tool-support-amd64-v2 twice");
    insta::assert_snapshot!(with(|m| m.executables[1].size = 0), @"the candidate's manifest cannot be read: the executable of arm64 is empty");
}

#[test]
fn a_document_of_another_format_or_a_later_version_is_told_apart() {
    let json = Candidate::Complete(manifest()).to_json();
    let read = |text: String| Candidate::from_json(text.as_bytes()).unwrap_err();
    assert_eq!(
        read(json.replace("\"version\": 1,", "\"version\": 2,")),
        DocumentProblem::TooNew {
            what: "candidate's manifest",
            found: 2
        }
    );
    insta::assert_snapshot!(read(json.replace("lockgate.candidate", "lockgate.part")), @r#"the candidate's manifest cannot be read: its format is "lockgate.part", not "lockgate.candidate""#);
    insta::assert_snapshot!(read(json.replace("inspect-tool-support-amd64-v2", "../../etc/passwd")), @r#"the candidate's manifest cannot be read: "../../etc/passwd" is not an asset name (letters, digits, '.', '_', '-', not at an end a dot, at most 200 characters)"#);
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..400, byte: u8) {
        let mut json = Candidate::Complete(manifest()).to_json().into_bytes();
        let at = at % json.len();
        json[at] = byte;
        for bytes in [bytes, json] {
            let _ = Candidate::from_json(&bytes);
            let _ = Part::from_json(&bytes);
            let _ = Receipt::from_json(&bytes);
            let _ = Withdrawal::from_json(&bytes);
            let edited = Sums::parse_edited(&bytes);
            if let Ok(sums) = Sums::parse(&bytes) {
                prop_assert_eq!(sums.to_string().into_bytes(), bytes);
                prop_assert_eq!(Ok(sums), edited);
            }
        }
    }
}

/// Each field of a receipt that must agree with another one, changed alone.
#[test]
fn a_receipt_that_contradicts_itself_is_refused() {
    let receipt = receipt();
    let read = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = receipt.clone();
        change(&mut receipt);
        Receipt::from_json(receipt.to_json().as_bytes()).map_err(|problem| problem.to_string())
    };
    assert_eq!(read(&|_| ()), Ok(receipt.clone()));
    let other: CommitId = "b".repeat(40).parse().unwrap();
    type Change<'c> = &'c dyn Fn(&mut Receipt);
    let table: [(Change<'_>, &str); 4] = [
        (&|it| it.origin.head = other.clone(), "another commit"),
        (&|it| it.manifest.commit = other.clone(), "another commit"),
        (&|it| it.manifest.executables.clear(), "no executable"),
        (
            &|it| it.manifest.executables[1] = it.manifest.executables[0].clone(),
            "twice",
        ),
    ];
    for (change, expected) in table {
        let problem = read(change).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    }
}

/// Text that looks like a `SHA256SUMS`, so that the readers accept some of it.
fn almost_sums() -> impl Strategy<Value = String> {
    let digest = Digest::of(b"x").to_string();
    let line = ("[ab]{1,2}|\\.\\./a", "  | \\*| ", "\n|\r\n|")
        .prop_map(move |(name, gap, end)| format!("{digest}{gap}{name}{end}"));
    prop::collection::vec(line, 0..4).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn what_the_strict_reader_accepts_the_lenient_one_reads_alike(text in almost_sums()) {
        let (strict, edited) = (Sums::parse(text.as_bytes()), Sums::parse_edited(text.as_bytes()));
        if let Ok(sums) = &edited {
            let canonical = sums.to_string();
            let again = Sums::parse(canonical.as_bytes());
            prop_assert_eq!(again.as_ref(), Ok(sums));
            prop_assert_eq!(strict.is_ok(), canonical == text);
        }
        prop_assert!(strict.is_err() || strict == edited);
    }
}

fn receipt() -> Receipt {
    Receipt {
        tag: "tool-support-v2".parse().unwrap(),
        origin: Origin {
            repository_id: RepositoryId(42),
            repository: "o/n".parse().unwrap(),
            pull_request: PullNumber(7),
            head: manifest().commit,
            base: "main".parse().unwrap(),
            base_commit: "c".repeat(40).parse().unwrap(),
            workflow_id: WorkflowId(5),
            workflow_path: ".github/workflows/build.yml".to_owned(),
            workflow_blob: "d".repeat(40).parse().unwrap(),
            artifacts: Vec::new(),
        },
        manifest: manifest(),
        promoter: Promoter {
            login: "octocat".parse().unwrap(),
            lockgate: "0.1.0".to_owned(),
        },
        promoted_at: 1_800_000_000,
    }
}

fn withdrawal() -> Withdrawal {
    Withdrawal {
        package: "tool".parse().unwrap(),
        package_version: "2".parse().unwrap(),
        tag: "tool-v2".parse().unwrap(),
        reason: "wörtlich\n\u{1b}[31m".to_owned(),
        by: "m".parse().unwrap(),
        withdrawn_at: 1,
    }
}

/// Each edit of a receipt's text that must not get through, and what the problem says.
#[test]
fn a_receipt_with_any_doubt_in_it_is_refused() {
    let text = receipt().to_json();
    let read = |text: &str| Receipt::from_json(text.as_bytes());
    let table = [
        ("\"version\": 1", "\"version\": 2", "of version 2"),
        ("\"version\": 1", "\"version\": 0", "its version is 0"),
        (
            "lockgate.receipt",
            "lockgate.candidate",
            "its format is \"lockgate.candidate\"",
        ),
        (
            "\"size\": 1000",
            "\"size\": 0",
            "the executable of amd64 is empty",
        ),
        ("\"size\": 1000", "\"size\": -5", "invalid value"),
        (
            "\"size\": 1000",
            "\"size\": 5, \"size\": 6",
            "duplicate field",
        ),
        (
            "\"name\": \"inspect",
            "\"name\": \"../inspect",
            "is not an asset name",
        ),
        (
            "\"sha256\": \"",
            "\"sha256\": \"A",
            "is not a SHA-256 digest",
        ),
        ("\"head\": \"a", "\"head\": \"b", "another commit"),
        ("\"tag\": \"tool-support-v2\",", "", "missing field `tag`"),
        (
            "-arm64-v2",
            "-AMD64-v2",
            "it lists inspect-tool-support-AMD64-v2 twice",
        ),
    ];
    for (from, to, expected) in table {
        assert!(text.contains(from), "{from}");
        let problem = read(&text.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(problem.contains(expected), "{problem}");
    }
    let newer = text.replacen("{", "{\"signatures\": [], ", 1);
    assert_eq!(read(&newer), Ok(receipt()));
}

#[test]
fn no_truncation_of_a_document_is_one() {
    let (receipt, withdrawal) = (receipt().to_json(), withdrawal().to_json());
    assert_eq!(
        Withdrawal::from_json(withdrawal.as_bytes()),
        Ok(self::withdrawal())
    );
    for end in 0..receipt.trim_end().len() {
        assert!(
            Receipt::from_json(&receipt.as_bytes()[..end]).is_err(),
            "{end}"
        );
    }
    for end in 0..withdrawal.trim_end().len() {
        assert!(
            Withdrawal::from_json(&withdrawal.as_bytes()[..end]).is_err(),
            "{end}"
        );
    }
}

#[test]
fn a_withdrawal_gives_a_reason_of_bearable_length() {
    let with = |reason: &str| {
        let reason = reason.to_owned();
        let json = Withdrawal {
            reason,
            ..withdrawal()
        }
        .to_json();
        Withdrawal::from_json(json.as_bytes())
    };
    assert!(with(&"x".repeat(2000)).is_ok());
    for wrong in [String::new(), "x".repeat(2001)] {
        assert!(with(&wrong).is_err());
    }
}
