//! Codes of `detect`: the change that is refused passes once the hint is followed.

use crate::repository::Repository;

const DETECT: &str = "detect --base origin/main --repo o/r";

/// With this policy on the base branch, at version 1 of it.
fn under(policy: &str) -> Repository {
    let repository = Repository::minimal();
    repository.git("reset --quiet --hard origin/main");
    let config = std::fs::read_to_string(repository.dir.join("lockgate.toml")).unwrap();
    repository.write(
        "lockgate.toml",
        format!("{config}[package.hello.policy]\n{policy}\n"),
    );
    land(&repository);
    repository
}

/// Commits everything as the base branch.
fn land(repository: &Repository) {
    repository.commit();
    repository.git("push --quiet origin HEAD:main");
    repository.git("fetch --quiet origin");
}

fn refused(repository: &Repository, code: &str, hint: &str) {
    repository.commit();
    repository.refused(DETECT, code, hint);
}

fn works(repository: &Repository) {
    repository.commit();
    repository.works(DETECT);
}

#[test]
fn the_version_file_holds_a_version() {
    let repository = Repository::minimal();
    repository.write("hello/VERSION", "v2\n");
    refused(
        &repository,
        "detect.version-malformed",
        "write a plain number such as 7",
    );
    repository.write("hello/VERSION", "2\n");
    works(&repository);
    repository.remove("hello/VERSION");
    refused(
        &repository,
        "detect.version-missing",
        "put the version file back",
    );
    repository.write("hello/VERSION", "2\n");
    works(&repository);
    repository.write("hello/NUMBER", "2\n");
    repository.remove("hello/VERSION");
    std::os::unix::fs::symlink("NUMBER", repository.dir.join("hello/VERSION")).unwrap();
    refused(
        &repository,
        "detect.version-not-a-file",
        "make it a regular file",
    );
    repository.remove("hello/VERSION");
    repository.write("hello/VERSION", "2\n");
    works(&repository);
}

#[test]
fn the_version_is_the_number_that_is_named() {
    let repository = Repository::minimal();
    repository.write("hello/VERSION", "0\n");
    refused(&repository, "detect.lowered", "raise the version to 2");
    repository.write("hello/VERSION", "2\n");
    works(&repository);
    repository.write("hello/VERSION", "3\n");
    refused(&repository, "detect.skips", "raise the version to 2");
    repository.write("hello/VERSION", "2\n");
    works(&repository);

    let repository = under("step = \"any\"");
    repository.write("hello/VERSION", "3\n");
    works(&repository);
}

#[test]
fn a_policy_of_the_pull_request_itself_counts_for_nothing() {
    let repository = Repository::minimal();
    repository.write("hello/VERSION", "3\n");
    let config = std::fs::read_to_string(repository.dir.join("lockgate.toml")).unwrap();
    repository.write(
        "lockgate.toml",
        format!("{config}[package.hello.policy]\nstep = \"any\"\n"),
    );
    refused(&repository, "detect.skips", "on the base branch first");
}

#[test]
fn a_version_and_its_sources_change_together_where_the_policy_says_so() {
    let repository = under("change-without-bump = \"deny\"");
    repository.write("hello/more.c", "");
    refused(
        &repository,
        "detect.change-without-bump",
        "raise the version to 2",
    );
    repository.write("hello/VERSION", "2\n");
    works(&repository);
    let repository = under("bump-without-change = \"deny\"");
    repository.write("hello/VERSION", "2\n");
    refused(
        &repository,
        "detect.bump-without-change",
        "put the version back to 1",
    );
    repository.write("hello/VERSION", "1\n");
    works(&repository);
}

#[test]
fn a_package_stays_or_is_allowed_to_go_first() {
    let removed = |repository: &Repository| {
        let config = std::fs::read_to_string(repository.dir.join("lockgate.toml")).unwrap();
        repository.write(
            "lockgate.toml",
            config
                .replace("package.hello", "package.other")
                .replace("hello/", "other/"),
        );
        repository.write("other/VERSION", "1\n");
        config
    };
    let gone = "detect --base origin/main --repo o/r --package hello";
    let repository = Repository::minimal();
    let before = removed(&repository);
    repository.commit();
    repository.refused(
        gone,
        "detect.package-removed",
        "set removal = \"allow\" in its policy first",
    );
    repository.write("lockgate.toml", before);
    works(&repository);
    let repository = under("removal = \"allow\"");
    removed(&repository);
    repository.commit();
    repository.works(gone);
}

#[test]
fn what_users_follow_changes_with_a_raise_alone() {
    let repository = Repository::minimal();
    repository.write("hello/VERSION", "1\n");
    repository.replace(
        "lockgate.toml",
        "hello-{variant}-v{version}",
        "hi-{variant}-v{version}",
    );
    refused(
        &repository,
        "detect.identity",
        "put it back, or raise the version to 2",
    );
    repository.write("hello/VERSION", "2\n");
    works(&repository);
    let repository = Repository::minimal();
    repository.replace("lockgate.toml", "hello-v{version}\"\n", "v{version}\"\n");
    refused(
        &repository,
        "detect.identity",
        "`identity = \"free\"` in the package",
    );
    repository.replace(
        "lockgate.toml",
        "\"v{version}\"\n",
        "\"hello-v{version}\"\n",
    );
    works(&repository);
}

#[test]
fn a_pull_request_merges_into_its_base() {
    let repository = Repository::minimal();
    repository.git("reset --quiet --hard origin/main");
    repository.write("hello/VERSION", "2\n");
    land(&repository);
    repository.git("reset --quiet --hard HEAD~1");
    repository.write("hello/VERSION", "3\n");
    refused(
        &repository,
        "detect.conflict",
        "merge the base branch into the pull request, or rebase it",
    );
    repository.git("rebase --quiet --strategy-option theirs origin/main");
    works(&repository);

    repository.git("checkout --quiet --orphan lost");
    refused(
        &repository,
        "detect.unrelated",
        "rebase its commits onto the base branch",
    );
    repository.git("rebase --quiet --strategy-option theirs origin/main");
    works(&repository);
}

#[test]
fn a_config_that_cannot_be_read_is_mended() {
    let repository = Repository::minimal();
    repository.replace("lockgate.toml", "exclude ", "excludes ");
    repository.commit();
    repository.refused(DETECT, "config.unknown-key", "did you mean `exclude`?");
    repository.replace("lockgate.toml", "excludes ", "exclude ");
    works(&repository);
}
