//! What counts as drift, and what does not.

use lockgate_workflows::files::{self, File, Lost};

use crate::support::{config, fresh, settings};

fn again(text: &str) -> File {
    let config = config(&["tool"], &["amd64"], "");
    let path = ".github/workflows/build-tool.yml";
    let now = |asked: &str| (asked == path).then(|| text.to_owned());
    files::of(&config, &now).swap_remove(0)
}

fn build() -> String {
    fresh(&config(&["tool"], &["amd64"], ""))
        .swap_remove(0)
        .text
}

#[test]
fn what_was_written_is_right() {
    let file = again(&build());
    assert!(file.is_right() && file.lost.is_none());
    assert!(again(&build().replace('\n', "\r\n")).is_right());
}

#[test]
fn the_content_of_a_custom_block_is_no_difference_and_survives_a_change_of_the_config() {
    let added = "      - run: echo hello # mine\n\n      - {run: 'x'}\n";
    let mark = "      # lockgate:begin-custom before-build\n";
    let text = build().replace(mark, &format!("{mark}{added}"));
    assert!(again(&text).is_right());
    let other = config(&["tool"], &["amd64"], &settings("hardened"));
    let now = |path: &str| path.contains("/build-").then(|| text.clone());
    let file = files::of(&other, &now).swap_remove(0);
    assert!(!file.is_right() && file.lost.is_none());
    assert!(file.text.contains(&format!(
        "{mark}{added}      # lockgate:end-custom before-build\n"
    )));
}

#[test]
fn a_file_with_the_old_marks_is_written_anew_and_keeps_its_content() {
    let added = "      - run: echo hello # mine\n";
    let old: String = build()
        .replace(
            "# lockgate:begin-custom before-build\n",
            &format!("# lockgate:place before-build\n{added}"),
        )
        .replace("# lockgate:begin-custom", "# lockgate:place")
        .lines()
        .map(|line| match line.split_once("# lockgate:end-custom") {
            Some((pad, _)) => format!("{pad}# lockgate:end\n"),
            None => format!("{line}\n"),
        })
        .collect();
    let file = again(&old);
    assert!(!file.is_right() && file.lost.is_none());
    assert!(
        file.text
            .contains(&format!("# lockgate:begin-custom before-build\n{added}"))
    );
}

#[test]
fn a_moved_pin_of_the_same_action_is_no_difference_and_one_of_another_is() {
    let (commit, version) = ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1");
    assert!(build().contains(&format!("actions/checkout@{commit} # {version}")));
    let moved = build()
        .replace(commit, &"a".repeat(40))
        .replace(version, "v9.0.0");
    assert!(again(&moved).is_right());
    assert!(!again(&build().replace(commit, "v4")).is_right());
    assert!(!again(&build().replace("actions/checkout@", "evil/checkout@")).is_right());
    // Only half of them moved: that cannot be intended.
    assert!(!again(&build().replacen(commit, &"a".repeat(40), 1)).is_right());
}

#[test]
fn every_other_change_is_a_difference_and_is_shown() {
    let text = build();
    for (from, to) in [
        ("permissions: {}", "permissions: write-all"),
        ("fail-fast: false", "fail-fast: true"),
        ("persist-credentials: false", "persist-credentials: true"),
        ("# to check out", "# because"),
        ("lockgate detect", "lockgate  detect"),
    ] {
        let file = again(&text.replacen(from, to, 1));
        assert!(!file.is_right(), "{from}");
        assert!(file.lost.is_none());
        let diff = file.diff();
        let (old, new) = (
            format!("-{}", line(&file.now.clone().unwrap(), to)),
            format!("+{}", line(&text, from)),
        );
        assert!(diff.contains(&old) && diff.contains(&new), "{diff}");
        assert!(
            diff.starts_with("--- a/.github/workflows/build-tool.yml\n+++ b/"),
            "{diff}"
        );
    }
}

fn line(text: &str, part: &str) -> String {
    text.lines()
        .find(|line| line.contains(part))
        .unwrap()
        .to_owned()
}

#[test]
fn what_would_be_lost_is_known() {
    assert_eq!(again("name: mine\n").lost, Some(Lost::NotOurs));
    let text = build();
    let renamed = text.replace("after-build\n", "after-bild\n").replace(
        "# lockgate:begin-custom after-bild\n",
        "# lockgate:begin-custom after-bild\n      - run: x\n",
    );
    assert_eq!(
        again(&renamed).lost,
        Some(Lost::Blocks(vec!["after-bild".to_owned()]))
    );
    let open = text.replacen("# lockgate:end-custom", "# lockgate:ende", 1);
    assert!(matches!(again(&open).lost, Some(Lost::Unreadable(_))));
}

#[test]
fn a_file_that_is_not_there_is_a_difference_from_nothing() {
    let file = fresh(&config(&["tool"], &["amd64"], "")).swap_remove(0);
    assert!(file.diff().starts_with("--- /dev/null\n+++ b/"));
}
