//! Codes of the rehearsal.

use crate::repository::Repository;

#[test]
fn a_script_is_mended_and_a_transcript_blessed() {
    let repository = Repository::empty();
    let script = "rehearse --script script.txt";
    repository.write("script.txt", "# A script\n\n> dance\n");
    repository.refused(
        script,
        "rehearse.script",
        "docs/rehearse.md lists the words of a script",
    );
    repository.write("script.txt", "# A script\n\n> show releases\n");
    repository.refused(script, "rehearse.transcript", "run it again with --bless");
    repository.works(&format!("{script} --bless"));
    repository.works(script);
}

#[test]
fn a_rehearsal_that_fails_leaves_a_folder_to_look_into() {
    let repository = Repository::minimal();
    repository.write("build.py", "raise SystemExit(7)\n");
    repository.commit();
    let (ended, stderr) = repository.lockgate("rehearse .");
    let hint = "next: run it again with --keep and look into the folder";
    let refused = stderr.contains("(rehearse.failed): ") && stderr.contains(hint);
    assert!(ended == Some(1) && refused, "{stderr}");
    let (_, stderr) = repository.lockgate("rehearse . --keep");
    let folder = stderr
        .lines()
        .find_map(|line| line.strip_prefix("everything is kept in "));
    let folder = std::path::Path::new(folder.unwrap_or_else(|| panic!("{stderr}")));
    assert!(folder.join("developer/build.py").is_file() && folder.join("forge").is_dir());
    std::fs::remove_dir_all(folder).unwrap();
    let right = Repository::minimal();
    right.works("rehearse .");
}
