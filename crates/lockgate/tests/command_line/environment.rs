//! Whatever the environment says of the network, the command ends with a result or a refusal: never with a panic. Cases are few;
//! `PROPTEST_CASES` raises their number.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::Command;

use proptest::prelude::*;

use super::clone;

const VARIABLES: [&str; 18] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "LOCKGATE_PROXY",
    "LOCKGATE_MIRROR",
    "LOCKGATE_MIRROR_HEADER",
    "LOCKGATE_BUNDLED",
    "LOCKGATE_CACHE",
    "LOCKGATE_CA_FILE",
    "LOCKGATE_MAX_SIZE",
    "LOCKGATE_REPOSITORY_ID",
    "LOCKGATE_RETRIES",
    "LOCKGATE_TIMEOUT",
    "NETRC",
    "HOME",
    "XDG_CACHE_HOME",
];

fn few() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases / 4,
        // The command is slow to shrink, and the case is short.
        max_shrink_iters: 20,
        failure_persistence: None,
        ..usual
    }
}

fn value() -> impl Strategy<Value = OsString> {
    let scheme = "(http://|HTTPS://|socks5h?://|socks4a:|ftp://|://|)";
    let user = "(me:hunter2@|:hunter2@|%zz:hunter2@|@|)";
    let host = r"(127\.0\.0\.1|\[::1\]|\[::|localhost|a b|%|ä|\.|)";
    let address = (scheme, user, host, "(:[0-9]{0,6}|:x|)(/[a-z?#%]{0,4}|)");
    let address = address.prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}"));
    // Not "1" to "100": so many attempts would be made.
    let text = prop_oneof![4 => address, 1 => r"[ ,.:/*\[\]a-f-]{0,30}", 1 => "0|-1|[0-9]{20,25}"];
    let bytes = prop::collection::vec(1_u8.., 0..20).prop_map(OsString::from_vec);
    prop_oneof![5 => text.prop_map(OsString::from), 1 => bytes]
}

#[test]
fn no_environment_makes_the_command_panic() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = clone(workspace.path());
    let variable = (prop::sample::select(VARIABLES.to_vec()), value());
    let cases = (
        prop::collection::vec(variable, 1..6),
        prop::sample::select(vec![
            "http://127.0.0.1:1",
            "https://[::1]:1",
            "http://forge.invalid",
        ]),
    );
    let mut runner = proptest::test_runner::TestRunner::new(few());
    let ran = runner.run(&cases, |(set, forge)| {
        let secret = |name: &str| name.contains("PROXY") || name.contains("MIRROR");
        let secret = set.iter().all(|(name, _)| secret(name));
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
        command.env_clear().current_dir(&dir);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("HOME", workspace.path())
            .env("LOCKGATE_RETRIES", "0");
        command.envs(set);
        command.args([
            "fetch",
            "--repo",
            "o/n",
            "--variant",
            "amd64",
            "--forge",
            forge,
        ]);
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        // A signal has no exit status.
        let exit = output.status.code().unwrap_or(-1);
        prop_assert!((1..=6).contains(&exit), "{exit}: {stderr}");
        prop_assert!(!stderr.contains("panicked"), "{stderr}");
        prop_assert!(
            stderr.contains(" (") && stderr.contains("  next: "),
            "{stderr}"
        );
        prop_assert!(!secret || !stderr.contains("hunter2"), "{stderr}");
        Ok(())
    });
    ran.unwrap();
}
