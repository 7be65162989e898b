//! Codes of `lockgate.toml`: the file with one thing wrong is refused; mended as the hint says, it is read.

use crate::repository::Repository;

const GOOD: &str = r#"[package.tool]
version-file = "tool/VERSION"
sources = ["tool/**"]
tag = "tool-v{version}"
asset = "tool-{variant}-v{version}"
pins = "tool/SHA256SUMS"
[package.tool.build]
command = ["sh", "tool/build.sh", "{arch}"]
output = "dist/{asset}"
[package.tool.variant.amd64]
runner = "ubuntu-24.04"
"#;

/// Code, what of the good file is replaced by what, and words of the hint.
const WRONG: &[(&str, &str, &str, &str)] = &[
    (
        "config.syntax",
        "[package.tool]",
        "[package.tool",
        "fix the line",
    ),
    (
        "config.unknown-key",
        "pins =",
        "pin =",
        "did you mean `pins`?",
    ),
    (
        "config.unknown-key",
        "sources =",
        "sorces =",
        "did you mean `sources`?",
    ),
    (
        "config.missing",
        "version-file = \"tool/VERSION\"\n",
        "",
        "add, for example, version-file = \"tool/VERSION\"",
    ),
    (
        "config.wrong-type",
        "\"tool/VERSION\"",
        "1",
        "write a text in quotes",
    ),
    (
        "config.wrong-type",
        "[\"tool/**\"]",
        "\"tool/**\"",
        "write a list of texts, such as",
    ),
    (
        "config.bad-value",
        "\"tool/VERSION\"",
        "\"../VERSION\"",
        "write a path inside the repository",
    ),
    (
        "config.bad-value",
        "dist/{asset}",
        "dist/{asset}*",
        "write a path without `*`, `?` and `[`",
    ),
    (
        "config.bad-glob",
        "tool/**",
        "tool/[**",
        "fix the pattern; `dir/**` is all below dir",
    ),
    ("config.bad-template", "-v{version}", "", "`{version}`"),
    (
        "config.bad-template",
        "{arch}",
        "{arc}",
        "are explained in docs/config.md",
    ),
];

#[test]
fn a_config_with_one_thing_wrong_is_read_once_it_is_mended() {
    let repository = Repository::empty();
    repository.write("tool/VERSION", "1\n");
    for (code, from, to, hint) in WRONG {
        repository.write("lockgate.toml", GOOD.replacen(from, to, 1));
        repository.refused("init", code, hint);
        repository.write("lockgate.toml", GOOD);
        repository.works("init");
    }
}

#[test]
fn packages_that_collide_get_names_of_their_own() {
    let repository = Repository::empty();
    repository.write("tool/VERSION", "1\n");
    let second = GOOD.replace("package.tool", "package.other");
    repository.write("lockgate.toml", format!("{GOOD}{second}"));
    repository.refused("init", "config.collision", "give one of them another name");
    let second = second.replace("tool", "other");
    repository.write("lockgate.toml", format!("{GOOD}{second}"));
    repository.write("other/VERSION", "1\n");
    repository.works("init");
}

#[test]
fn variants_that_are_alike_get_something_that_differs() {
    let repository = Repository::empty();
    repository.write("tool/VERSION", "1\n");
    let second = "[package.tool.variant.amd64-v3]\narch = \"amd64\"\n";
    repository.write("lockgate.toml", format!("{GOOD}{second}"));
    repository.refused(
        "init",
        "config.same-variants",
        "set `arch`, `libc` or `glibc-floor` so that they differ",
    );
    repository.write(
        "lockgate.toml",
        format!("{GOOD}{second}libc = \"static\"\n"),
    );
    repository.works("init");
}

#[test]
fn a_missing_config_is_written_and_a_name_is_chosen_from_those_that_are_listed() {
    let repository = Repository::minimal();
    let config = std::fs::read_to_string(repository.dir.join("lockgate.toml")).unwrap();
    repository.git("rm --quiet lockgate.toml");
    repository.commit();
    let detect = "detect --base origin/main --repo o/r";
    repository.refused(
        &format!("{detect} --package hello"),
        "config.not-found",
        "write one at the root of the repository",
    );
    repository.write("lockgate.toml", &config);
    repository.commit();
    repository.works(detect);

    let wrong = format!("{detect} --package other");
    repository.refused(&wrong, "package.unknown", "the packages are hello");
    repository.works(&format!("{detect} --package hello"));
    let build = "build --repo o/r --variant";
    repository.refused(
        &format!("{build} mips"),
        "variant.unknown",
        "the variants are amd64, arm64",
    );
    repository.works(&format!("{build} amd64"));

    repository.write(
        "lockgate.toml",
        format!("{config}{}", config.replace("hello", "other")),
    );
    repository.write("other/VERSION", "1\n");
    repository.commit();
    let build = "build --repo o/r --variant amd64";
    repository.refused(build, "package.which", "name one of them: hello, other");
    repository.works(&format!("{build} --package hello"));
}
