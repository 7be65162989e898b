//! Codes of `init`: nothing is written until the hint is followed.

use crate::repository::Repository;

const TOOL: &str = "init --package tool --version-file VERSION --sources 'src/**' \
    --build-command 'sh src/build.sh {arch}'";

fn repository() -> Repository {
    let repository = Repository::empty();
    repository.write("src/build.sh", "");
    repository
}

/// Refused with this code and hint, then done as the hint says.
fn tried(wrong: &str, code: &str, hint: &str, right: &str) {
    let repository = repository();
    repository.write("THREE", "3\n");
    repository.write("BAD", "v1\n");
    repository.refused(wrong, code, hint);
    assert!(!repository.dir.join("lockgate.toml").exists(), "{wrong}");
    repository.works(right);
}

#[test]
fn what_is_wrong_on_the_command_line_is_said_as_the_hint_says() {
    let first = format!("{TOOL} --first-version 1");
    let three = TOOL.replace("VERSION", "THREE");
    let with = |more: &str| format!("{first} {more}");
    tried(
        "init",
        "init.missing",
        "--build-command 'sh src/build.sh {arch}'",
        &first,
    );
    tried(TOOL, "init.no-version-file", "--first-version 1", &first);
    tried(TOOL, "init.no-version-file", "--version-file", &three);
    tried(
        &format!("{three} --first-version 1"),
        "init.version-file-there",
        "leave --first-version away",
        &three,
    );
    let bad = TOOL.replace("VERSION", "BAD");
    tried(
        &bad,
        "init.bad-version",
        "name another file with --version-file",
        &three,
    );
    tried(
        &with("--branch a..b"),
        "init.bad-name",
        "needs no quoting",
        &with("--branch a.b"),
    );
    tried(
        &with("--smoke \"'x\""),
        "init.bad-command",
        "close every quote",
        &with("--smoke \"'x'\""),
    );
    tried(
        &with("--emulate mips"),
        "init.no-variant",
        "the variants are amd64, arm64",
        &with("--emulate arm64"),
    );
    let gone = first.replace("src/build.sh", "build.sh");
    tried(&gone, "init.no-command", "fix --build-command", &first);
    tried(
        &gone,
        "init.no-command",
        "--allow-missing",
        &format!("{gone} --allow-missing"),
    );
}

#[test]
fn the_action_is_named_by_its_commit_and_the_digests_of_its_release() {
    let repository = repository();
    let first = format!("{TOOL} --first-version 1 --action o/lockgate@");
    let commit = "c".repeat(40);
    repository.refused(
        &format!("{first}v1"),
        "init.bad-action",
        "40 hexadecimal digits",
    );
    repository.write("SUMS", "nonsense\n");
    let pinned = format!("{first}{commit} --sha256sums SUMS");
    repository.refused(&pinned, "init.no-digest", "the release's SHA256SUMS");
    let digest = "d".repeat(64);
    let sums = format!("{digest}  lockgate-amd64-v1\n{digest}  lockgate-arm64-v1\n");
    repository.write("SUMS", sums);
    repository.works(&pinned);
}

#[test]
fn what_is_in_the_config_is_changed_there() {
    let repository = repository();
    let first = format!("{TOOL} --first-version 1");
    repository.works(&first);
    let hint = "then run `lockgate init` without them";
    repository.refused(&first, "init.known-package", hint);
    repository.replace(
        "lockgate.toml",
        "sh\", \"src/build.sh",
        "sh\", \"-e\", \"src/build.sh",
    );
    repository.works("init");
    repository.works("init --level hardened");
    repository.refused("init --level hardened", "init.known-settings", hint);
    repository.replace("lockgate.toml", "\"hardened\"", "\"basic\"");
    repository.works("init");
    repository.works("check");
}

#[test]
fn of_several_remotes_one_is_named() {
    let repository = repository();
    repository.git("remote rename origin one");
    repository.git("remote add two https://example.invalid/two/tool.git");
    let first = format!("{TOOL} --first-version 1");
    repository.refused(&first, "init.remotes", "with --remote: \"one\", \"two\"");
    repository.works(&format!("{first} --remote two"));
}

#[test]
fn a_workflow_of_somebody_else_is_moved_away_or_replaced() {
    let first = format!("{TOOL} --first-version 1");
    let path = ".github/workflows/build-tool.yml";
    for forced in [true, false] {
        let repository = repository();
        repository.write(path, "name: mine\non: push\npermissions: {}\njobs: {}\n");
        repository.refused(&first, "init.not-ours", "move it away, or say --force");
        if forced {
            repository.works(&format!("{first} --force"));
        } else {
            let away = ".github/workflows/mine.yml";
            std::fs::rename(repository.dir.join(path), repository.dir.join(away)).unwrap();
            repository.works(&first);
        }
        repository.works("check");
    }
}

#[test]
fn what_people_added_at_a_place_that_is_gone_is_moved_to_one_that_is_there() {
    let repository = repository();
    repository.works(&format!("{TOOL} --first-version 1"));
    let path = ".github/workflows/build-tool.yml";
    let mark = "# lockgate:begin-custom after-build\n";
    repository.replace(path, mark, &format!("{mark}      - run: echo done\n"));
    repository.replace(path, "custom after-build", "custom after-bild");
    repository.refused(
        "init",
        "init.lost",
        "move it to a custom block that the file has",
    );
    repository.replace(path, "custom after-bild", "custom after-build");
    repository.works("init");
    let text = std::fs::read_to_string(repository.dir.join(path)).unwrap();
    assert!(text.contains("echo done"), "{text}");
    repository.works("check");
}
