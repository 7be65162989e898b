use super::*;
use crate::ids::Attempt;
use proptest::prelude::*;

pub(crate) const EXAMPLE: &str = r#"
[package.tool-support]
version-file = "src/inspect_ai/tool/tool_support_version.txt"
sources      = ["src/inspect_tool_support/**"]
exclude      = ["**/*.md", "**/tests/**"]
tag          = "tool-support-v{version}"
asset        = "inspect-tool-support-{variant}-v{version}"
pins         = "src/inspect_ai/tool/SHA256SUMS"

[package.tool-support.build]
command = ["python3", "build.py", "--include-version", "--arch", "{arch}"]
output  = "src/inspect_ai/binaries/{asset}"
smoke   = ["{output}", "healthcheck"]

[package.tool-support.variant.amd64]
runner = "ubuntu-24.04"
[package.tool-support.variant.arm64-musl]
runner = "ubuntu-24.04-arm"
glibc-floor = "2.31"
"#;

fn problem(text: &str) -> String {
    match Config::parse(text) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => format!("{}: {error}\n  {}", error.code(), error.hint()),
    }
}

use crate::reason::Reason;

#[test]
fn the_example_of_the_documentation_reads() {
    let config = Config::parse(EXAMPLE).unwrap();
    let package = &config.packages[&"tool-support".parse().unwrap()];
    let two = Version::Integer(2);
    let arm = &package.variants[1];
    assert_eq!(package.tag(&two).as_str(), "tool-support-v2");
    assert_eq!(package.version_of_tag("tool-support-v2"), Some(two.clone()));
    assert_eq!(package.version_of_tag("tool-support-v02"), None);
    assert_eq!(package.version_of_tag("tool-support-vx"), None);
    assert_eq!(
        (arm.arch.as_str(), arm.libc, arm.glibc_floor),
        ("arm64", Some(Libc::Musl), Some((2, 31)))
    );
    assert_eq!(
        package.asset(&package.variants[0], &two).as_str(),
        "inspect-tool-support-amd64-v2"
    );
    assert_eq!(
        package.output(arm, &two).as_str(),
        "src/inspect_ai/binaries/inspect-tool-support-arm64-musl-v2"
    );
    assert_eq!(
        package.command(&package.build.command, arm, &two, "x")[4],
        "arm64"
    );
    assert_eq!(package.policy, Policy::default_for(Scheme::Integer));
}

#[test]
fn each_mistake_is_named_with_its_place_and_its_remedy() {
    let replace = |from: &str, to: &str| problem(&EXAMPLE.replacen(from, to, 1));
    insta::assert_snapshot!(replace("exclude ", "excludes "), @r#"
    config.unknown-key: line 5, column 1: [package.tool-support] has no key "excludes"
      did you mean `exclude`?
    "#);
    insta::assert_snapshot!(replace("version-file", "version_file"), @r#"
    config.unknown-key: line 3, column 1: [package.tool-support] has no key "version_file"
      did you mean `version-file`?
    "#);
    insta::assert_snapshot!(replace("runner = \"ubuntu-24.04\"", "zebra = 1"), @r#"
    config.unknown-key: line 16, column 1: [package.tool-support.variant.amd64] has no key "zebra"
      the keys of [package.tool-support.variant.amd64] are `allow-exec-stack`, `allow-rpath`, `arch`, `glibc-floor`, `libc`, `os`, `runner`
    "#);
    insta::assert_snapshot!(replace("tool-support-v{version}", "tool-support"), @r#"
    config.bad-template: line 6, column 16: `tag` is "tool-support", but it lacks {version}
      `{version}` and the other placeholders are explained in docs/config.md
    "#);
    insta::assert_snapshot!(replace("tool-support-v{version}", "tool support-v{version}"), @r#"
    config.bad-template: line 6, column 16: `tag` is "tool support-v{version}", but "tool support-v1" is not a tag name (letters, digits, '.', '_', '-', at most 200 characters, no '..', not ending in '.lock')
      `{version}` and the other placeholders are explained in docs/config.md
    "#);
    insta::assert_snapshot!(replace("tool-support-v{version}", "withdrawn-{version}"), @r#"
    config.bad-template: line 6, column 16: `tag` is "withdrawn-{version}", but tags that begin with "withdrawn-" are kept for withdrawals
      `{version}` and the other placeholders are explained in docs/config.md
    "#);
    insta::assert_snapshot!(replace("-{variant}-v", "-v"), @r#"
    config.bad-template: line 7, column 16: `asset` is "inspect-tool-support-v{version}", but it lacks {variant}
      `{version}` and the other placeholders are explained in docs/config.md
    "#);
    insta::assert_snapshot!(replace("{variant}", "{varient}"), @r#"
    config.bad-template: line 7, column 16: `asset` is "inspect-tool-support-{varient}-v{version}", but there is no placeholder "varient"; here are {version}, {variant}, {package}
      `{version}` and the other placeholders are explained in docs/config.md
    "#);
    insta::assert_snapshot!(replace("{arch}", "{arch"), @r#"
    config.bad-template: line 11, column 66: `command` is "{arch", but a brace in it has no partner
      `{version}` and the other placeholders are explained in docs/config.md
    "#);
    insta::assert_snapshot!(replace("\"**/*.md\"", "\"**/[*.md\""), @r#"
    config.bad-glob: line 5, column 17: `exclude` has the pattern "**/[*.md", which cannot be read: unclosed character class; missing ']'
      fix the pattern; `dir/**` is all below dir, `**/*.md` every Markdown file
    "#);
    insta::assert_snapshot!(replace("tool-support-v{version}", "t{version}ock"), @r#"
    config.bad-template: line 6, column 16: `tag` is "t{version}ock", but with some versions it would end in ".lock", as no git tag may
      `{version}` and the other placeholders are explained in docs/config.md
    "#);
    insta::assert_snapshot!(problem(&EXAMPLE.replace("src/inspect_ai/binaries/{asset}", "a/.{variant}/x").replace("variant.amd64]", "variant.git]\narch = \"amd64\"")), @r#"
    config.bad-template: line 10, column 1: `output` is "a/.{variant}/x", but for git it is "a/.git/x", which is not a path inside the repository (relative, '/' between the parts, no '..', no backslash, control or invisible character)
      `{version}` and the other placeholders are explained in docs/config.md
    "#);
    insta::assert_snapshot!(replace("\"2.31\"", "2.31"), @"
    config.wrong-type: line 19, column 15: `glibc-floor` is a number, not a text in quotes
      write a text in quotes
    ");
    insta::assert_snapshot!(replace("variant.amd64", "variant.mips"), @r#"
    config.bad-value: line 15, column 31: `arch` is "mips", which is not one of amd64, arm64, 386, arm, riscv64, ppc64le, s390x
      write one of amd64, arm64, 386, arm, riscv64, ppc64le, s390x
    "#);
    insta::assert_snapshot!(replace("src/inspect_ai/tool/tool_support_version.txt", "../VERSION"), @r#"
    config.bad-value: line 3, column 16: `version-file` is "../VERSION", which is not a path inside the repository (relative, '/' between the parts, no '..', no backslash, control or invisible character)
      write a path inside the repository (relative, '/' between the parts, no '..', no backslash, control or invisible character)
    "#);
    insta::assert_snapshot!(replace("src/inspect_ai/binaries/{asset}", "out/tool"), @r#"
    config.bad-template: line 12, column 11: `output` is "out/tool", but it lacks {asset}, {variant} or {arch}, so that all variants would have the same
      `{version}` and the other placeholders are explained in docs/config.md
    "#);
    insta::assert_snapshot!(replace("exclude      = [\"**/*.md\", \"**/tests/**\"]", "exclude = \"x\""), @r#"
    config.wrong-type: line 5, column 11: `exclude` is a text, not a list of texts, such as ["a", "b"]
      write a list of texts, such as ["a", "b"]
    "#);
    insta::assert_snapshot!(replace("[package.tool-support]", "[package.Tool_Support]"), @r#"
    config.bad-value: line 2, column 10: `package` is "Tool_Support", which is not a package name (lower-case letters, digits and inner hyphens, at most 40 characters)
      write a package name (lower-case letters, digits and inner hyphens, at most 40 characters)
    "#);
    insta::assert_snapshot!(problem(""), @"
    config.missing: line 1, column 1: the file lacks `package`
      add, for example, a table [package.my-tool]
    ");
    insta::assert_snapshot!(problem("[package]"), @"
    config.missing: line 1, column 1: the file lacks `package`
      add, for example, a table [package.my-tool]
    ");
    insta::assert_snapshot!(problem("[package.x]\nversion-file = \n"), @"
    config.syntax: line 2, column 16: this is not TOML: string values must be quoted, expected literal string
      fix the line; toml.io describes the format
    ");
    insta::assert_snapshot!(problem(&format!("{EXAMPLE}\n{}", EXAMPLE.replace("package.tool-support", "package.other").replace("SHA256SUMS", "OTHER"))), @"
    config.collision: line 2, column 10: the packages other and tool-support would both use the tag tool-support-v{version}
      give one of them another name
    ");
}

#[test]
fn packages_collide_when_a_tag_could_be_either_ones() {
    let both = |a: &str, b: &str| {
        let one = EXAMPLE.replace("tool-support-v{version}", a);
        let two = EXAMPLE
            .replace("package.tool-support", "package.other")
            .replace("tool-support-v{version}", b)
            .replace("SHA256SUMS", "O");
        Config::parse(&format!("{one}\n{two}")).map_err(|error| error.code())
    };
    assert!(both("a-v{version}", "b-v{version}").is_ok());
    assert!(both("v{version}", "very-v{version}").is_ok());
    assert_eq!(both("v{version}", "v1{version}"), Err("config.collision"));
    assert_eq!(both("v{version}", "v{version}"), Err("config.collision"));
    assert_eq!(both("v{version}", "v{version}0"), Err("config.collision"));
}

#[test]
fn variants_that_fetch_could_not_choose_between_are_refused() {
    let both = |one: &str, other: &str| {
        let (before, _) = EXAMPLE.split_once("[package.tool-support.variant").unwrap();
        let table = |text: &str| {
            format!(
                "[package.tool-support.variant.{}\n",
                text.replacen(';', "]\n", 1)
            )
        };
        Config::parse(&format!("{before}{}{}", table(one), table(other)))
            .map_err(|error| (error.code(), error.problem.to_string()))
    };
    for (one, other) in [
        ("amd64;", "amd64-v3;"),
        ("amd64-v2;", "amd64-v3;"),
        ("amd64-musl;", "amd64-v3-musl;"),
        ("amd64;", "fast;arch = \"amd64\""),
        // A floor is a glibc version: it sets the C library, and does not apply to a static executable.
        (
            "amd64;glibc-floor = \"2.31\"",
            "amd64-glibc;glibc-floor = \"2.31\"",
        ),
        ("amd64-static;", "amd64-static-old;glibc-floor = \"2.31\""),
        // `fetch` ignores any other difference between them.
        (
            "amd64;",
            "amd64-old;runner = \"ubuntu-22.04\"\nallow-rpath = true",
        ),
    ] {
        let (code, text) = both(one, other).unwrap_err();
        assert_eq!(code, "config.same-variants", "{one} {other}");
        let name = |text: &str| text.split(';').next().unwrap().to_owned();
        assert!(
            text.contains(&format!("{} and {}", name(one), name(other))),
            "{text}"
        );
    }
    for (one, other) in [
        ("amd64;", "arm64;"),
        ("amd64;", "amd64-musl;"),
        ("amd64;", "amd64-v3;libc = \"static\""),
        (
            "amd64;glibc-floor = \"2.31\"",
            "amd64-v3;glibc-floor = \"2.34\"",
        ),
        ("amd64;", "amd64-v3;glibc-floor = \"2.34\""),
    ] {
        both(one, other).unwrap();
    }
}

#[test]
fn comments_and_policy_leave_the_table_digest_alone_and_everything_else_does_not() {
    let digest = |text: &str| {
        Config::parse(text)
            .unwrap()
            .packages
            .values()
            .next()
            .unwrap()
            .table_digest
    };
    let with_policy = EXAMPLE.to_owned() + "\n[package.tool-support.policy]\nstep = \"any\"\n";
    assert_eq!(
        digest(EXAMPLE),
        digest(&format!("# a comment\n{with_policy}"))
    );
    assert_ne!(digest(EXAMPLE), digest(&EXAMPLE.replace("2.31", "2.17")));
    assert_ne!(
        digest(EXAMPLE),
        digest(&EXAMPLE.replace("\"**/*.md\", ", ""))
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(at in 0..EXAMPLE.len(), length in 0usize..40, insert in "[a-z\\[\\]{}=\"'.\\n #\\\\\u{0}-\u{ff}]{0,12}") {
        let mut text: Vec<char> = EXAMPLE.chars().collect();
        let end = (at + length).min(text.len());
        text.splice(at.min(end)..end, insert.chars());
        let text: String = text.into_iter().collect();
        if let Ok(config) = Config::parse(&text) {
            for package in config.packages.values() {
                for variant in &package.variants {
                    for version in ["7", "1.2.3-rc.1"] {
                        let version: Version = version.parse().unwrap();
                        package.tag(&version);
                        package.withdrawal_tag(&version);
                        package.asset(variant, &version);
                        package.output(variant, &version);
                        let name = package.candidate_artifact(&version, Attempt(3));
                        let read = package.version_of_candidate(&name, Attempt(3));
                        prop_assert_eq!(read, Some(version).filter(|it| it.scheme() == package.scheme));
                        prop_assert_eq!(package.version_of_candidate(&name, Attempt(13)), None);
                    }
                }
            }
        }
    }
}
