//! Codes of a build and of its parts.

use std::os::unix::fs::symlink;

use crate::repository::Repository;

const BUILD: &str = "build --repo o/r --variant amd64";

/// A config in which the build does other than it should, and the same mended as the hint says.
fn tried(code: &str, hint: &str, wrong: (&str, &str)) {
    let repository = Repository::minimal();
    let (from, to) = wrong;
    repository.replace("lockgate.toml", from, to);
    repository.commit();
    repository.refused(BUILD, code, hint);
    if code == "build.not-a-file" {
        std::fs::remove_dir_all(repository.dir.join("dist")).unwrap();
    }
    repository.replace("lockgate.toml", to, from);
    repository.commit();
    repository.works(BUILD);
}

#[test]
fn a_build_that_fails_is_mended_as_the_hint_says() {
    let command = "command = [\"python3\", \"build.py\", \"--arch\", \"{arch}\", \"--version\", \"{version}\", \"--output\", \"{output}\"]";
    let other = |words: &str| format!("command = [{words}]");
    let python = |line: &str| {
        other(&format!(
            "\"python3\", \"-c\", \"{line}\", \"{{output}}\", \"{{arch}}\""
        ))
    };
    for (code, hint, wrong) in [
        (
            "build.command-missing",
            "fix `command` in lockgate.toml",
            other("\"no-such-program\", \"{arch}\""),
        ),
        (
            "build.command-failed",
            "fix it, and push",
            python("raise SystemExit(1)"),
        ),
        (
            "build.no-output",
            "or what the command writes",
            python("pass"),
        ),
        (
            "build.not-a-file",
            "remove it, and let the build write a regular file there",
            python("import os, sys; os.makedirs(sys.argv[1])"),
        ),
        (
            "build.too-large",
            "leave debug information out of it",
            python(
                "import os, sys; os.makedirs('dist'); open(sys.argv[1], 'wb').truncate(2 ** 31)",
            ),
        ),
    ] {
        tried(code, hint, (command, &wrong));
    }
    // The command writes elsewhere than `output` says.
    let repository = Repository::minimal();
    let (right, wrong) = ("\"dist/{asset}\"\n", "\"dist/other-{asset}\"\n");
    repository.replace(
        "lockgate.toml",
        "\"--output\", \"{output}\"",
        "\"--output\", \"dist/{asset}\"",
    );
    repository.replace("lockgate.toml", right, wrong);
    repository.commit();
    repository.refused(BUILD, "build.no-output", "fix `output` in lockgate.toml");
    repository.replace("lockgate.toml", wrong, right);
    repository.commit();
    repository.works(BUILD);
    let smoke = ("# smoke = [\"{output}\"]", "smoke = [\"false\"]");
    tried("build.smoke-failed", "run the executable by hand", smoke);
}

#[test]
fn a_token_is_taken_out_of_the_build() {
    let repository = Repository::minimal();
    let knobs = format!("{{\"greeting\": \"ghp_{}\"}}\n", "a1".repeat(18));
    repository.write("hello/build.json", knobs);
    repository.commit();
    repository.refused(BUILD, "build.secret", "take it out of the build");
    repository.remove("hello/build.json");
    repository.commit();
    repository.works(BUILD);
}

#[test]
fn what_is_in_no_commit_is_committed_ignored_or_allowed() {
    let repository = Repository::minimal();
    repository.write("key.json", "{}\n");
    repository.refused(BUILD, "build.dirty", "or into .gitignore");
    repository.works(&format!("{BUILD} --allow-dirty"));
    repository.write(".gitignore", "/dist\n/lockgate-out\n/key.json\n");
    repository.refused(BUILD, "build.dirty", "commit or stash them");
    repository.commit();
    repository.works(BUILD);
    repository.write("build.py", "");
    repository.refused(BUILD, "build.dirty", "commit or stash them");
    repository.git("stash --quiet");
    repository.works(BUILD);
}

#[test]
fn what_is_not_checked_out_is_brought_by_the_command_of_the_hint() {
    let repository = Repository::minimal();
    repository.write("hello/more.c", "int more;\n");
    repository.commit();
    repository.git("update-index --skip-worktree hello/more.c");
    repository.remove("hello/more.c");
    let command = "update-index --no-skip-worktree hello/more.c";
    repository.refused(
        BUILD,
        "build.not-checked-out",
        &format!("run `git {command}`"),
    );
    repository.git(command);
    repository.git("checkout --quiet hello/more.c");
    repository.works(BUILD);
}

#[test]
fn an_emulator_is_installed_for_a_foreign_architecture() {
    let mut repository = Repository::minimal();
    let (foreign, emulator) = match std::env::consts::ARCH {
        "aarch64" => ("amd64", "qemu-x86_64-static"),
        _ => ("arm64", "qemu-aarch64-static"),
    };
    repository.replace("lockgate.toml", "# smoke", "smoke");
    repository.commit();
    // A machine that has the programs of this one, but no emulator.
    let path = std::env::var_os("PATH").unwrap();
    let machine = repository.workspace.path().join("bin");
    std::fs::create_dir(&machine).unwrap();
    let folders = std::env::split_paths(&path).filter_map(|folder| std::fs::read_dir(folder).ok());
    for program in folders.flatten().map(|entry| entry.unwrap()) {
        let name = program.file_name().into_string().unwrap();
        // The first folder of the `PATH` counts.
        if !name.starts_with("qemu-") {
            let _ = symlink(program.path(), machine.join(name));
        }
    }
    repository.variables = vec![("PATH", machine.display().to_string())];
    let build = format!("build --repo o/r --variant {foreign}");
    repository.refused(&build, "build.no-emulator", "install qemu-user-static");
    // A stand-in: what it emulates is the business of other tests.
    symlink(machine.join("true"), machine.join(emulator)).unwrap();
    repository.works(&build);
}

#[test]
fn the_parts_of_a_run_become_a_candidate_once_the_jobs_ran_again() {
    let mut repository = Repository::minimal();
    let out = repository.workspace.path().join("out");
    let run = |run: u32, attempt: u32| {
        vec![
            ("GITHUB_RUN_ID", run.to_string()),
            ("GITHUB_RUN_ATTEMPT", attempt.to_string()),
        ]
    };
    let parts = out.display().to_string();
    let join = format!("build --repo o/r --join --parts {parts} --out {parts}");
    let build = |variant: &str, folder: &str| {
        format!("build --repo o/r --variant {variant} --out {parts}/{folder}")
    };
    let refused = |repository: &Repository, code: &str, hint: &str| {
        repository.refused(&join, "build.incomplete", hint);
        let (_, stderr) = repository.lockgate(&join);
        assert!(stderr.contains(&format!("({code})")), "{stderr}");
    };

    repository.variables = run(7, 1);
    repository.works(&build("amd64", "."));
    refused(&repository, "build.no-part", "\"Re-run failed jobs\"");
    repository.variables = run(7, 2);
    repository.works(&build("arm64", "."));
    repository.works(&join);

    // A part of another run, as somebody might have left it.
    repository.variables = run(8, 1);
    repository.works(&build("amd64", "."));
    refused(
        &repository,
        "build.other-part",
        "run the build workflow again",
    );
    repository.works(&build("arm64", "."));
    repository.works(&join);

    // Two for one variant.
    repository.works(&build("amd64", "second"));
    std::fs::rename(out.join("second/amd64"), out.join("another")).unwrap();
    refused(
        &repository,
        "build.two-parts",
        "run all jobs of the build workflow again",
    );
    std::fs::remove_dir_all(&out).unwrap();
    repository.variables = run(9, 1);
    repository.works(&build("amd64", "."));
    repository.works(&build("arm64", "."));
    repository.works(&join);
}

#[test]
fn a_document_that_cannot_be_used_is_built_again_or_read_by_a_newer_lockgate() {
    let repository = Repository::minimal();
    let out = repository.workspace.path().join("out");
    let parts = out.display().to_string();
    let join = format!("build --repo o/r --join --parts {parts} --out {parts}");
    let build = |variant: &str| format!("build --repo o/r --variant {variant} --out {parts}");
    repository.works(&build("arm64"));
    repository.works(&build("amd64"));
    let part = out.join("amd64/part.json");
    let right = std::fs::read_to_string(&part).unwrap();
    std::fs::write(&part, "{}").unwrap();
    repository.refused(&join, "document.malformed", "build again");
    repository.works(&build("amd64"));
    repository.works(&join);
    // What a newer Lockgate would write; this one can read what it writes itself.
    std::fs::write(&part, right.replace("\"version\": 1", "\"version\": 99")).unwrap();
    repository.refused(&join, "document.too-new", "use a newer Lockgate");
    std::fs::write(&part, right).unwrap();
    repository.works(&join);
}
