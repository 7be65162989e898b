//! `gate-<package>.yml`: the trusted half. It runs the default branch's file, checks out the default branch only, and never runs
//! anything of the pull request.

use crate::build;
use crate::steps::{GATE_ENVIRONMENT, MACHINE, Settings, read, write};
use crate::workflow::{Concurrency, Job, Step, Trigger, Workflow};
use crate::yaml::write::{Table, Value};

/// The workflow.
pub fn workflow(settings: &Settings<'_>) -> Workflow {
    let name = &settings.package.name;
    Workflow {
        about: settings.about(&[
            "Holds or releases the merge, and keeps the comment. The trusted half: it runs the default branch's file,",
            "checks out the default branch only, and never runs anything of the pull request.",
        ]),
        name: format!("Gate {name}"),
        run_name: None,
        on: triggers(settings),
        concurrency: Concurrency {
            group: format!(
                "lockgate-gate-{name}-${{{{ github.event.pull_request.head.sha || github.event.workflow_run.head_sha || github.ref }}}}"
            ),
            cancel: false,
            why: "an older run never overtakes a newer one",
        },
        jobs: vec![gate(settings)],
    }
}

fn triggers(settings: &Settings<'_>) -> Vec<Trigger> {
    let words =
        |words: &[&str]| Value::Words(words.iter().map(|word| (*word).to_owned()).collect());
    let mut pull = Table::default();
    pull.put(
        "types",
        words(&["opened", "reopened", "synchronize", "edited"]),
    );
    let mut run = Table::default();
    run.put("workflows", words(&[&build::workflow_name(settings)]));
    run.put("types", words(&["completed"]));
    let mut push = Table::default();
    push.put(
        "branches",
        words(&[&as_pattern(settings.workflows.branch.as_str())]),
    );
    let trigger = |event, why, settings| Trigger {
        event,
        why: Some(why),
        settings,
    };
    let mut on = vec![
        trigger(
            "pull_request_target",
            "zizmor: ignore[dangerous-triggers] for forks and conflicts too; nothing of the pull request is checked out or run",
            pull,
        ),
        trigger(
            "workflow_run",
            "zizmor: ignore[dangerous-triggers] what was built, or why not; what the run left is read as hostile bytes",
            run,
        ),
    ];
    if !settings.hardened() {
        on.push(trigger(
            "merge_group",
            "a merge queue asks for the gate of its own commit",
            Table::default(),
        ));
    }
    on.push(trigger(
        "push",
        "the open bumps are judged again by what the branch has become",
        push,
    ));
    on
}

/// A branch's name as a filter that matches only it.
fn as_pattern(branch: &str) -> String {
    let special = |c: char| matches!(c, '*' | '?' | '+' | '[' | ']' | '!' | '\\');
    branch
        .chars()
        .flat_map(|c| special(c).then_some('\\').into_iter().chain([c]))
        .collect()
}

fn gate(settings: &Settings<'_>) -> Job {
    let call = |condition: Option<&str>, command: &str| Step::Run {
        id: None,
        condition: condition.map(ToOwned::to_owned),
        env: settings.credentials(),
        command: settings.call(command, ""),
    };
    let mut steps = vec![settings.checkout(Some("${{ github.event.repository.default_branch }}"))];
    steps.extend(settings.install(None));
    steps.push(call(None, "gate"));
    // Not only after a build: of two runs that wait, the forge drops the older, and the newer has to say what it would have.
    steps.push(call(
        Some("github.event_name == 'workflow_run' || github.event_name == 'pull_request_target'"),
        "report",
    ));
    let permissions = match settings.hardened() {
        true => vec![read("contents", "to check out; all else is the App's")],
        false => vec![
            read(
                "contents",
                "to check out the default branch and to fetch objects",
            ),
            read("actions", "to read the run and the manifest"),
            write("statuses", "the gate itself"),
            write("pull-requests", "the comment"),
        ],
    };
    Job {
        id: "gate",
        name: "Gate".to_owned(),
        runs_on: MACHINE.to_owned(),
        timeout: Some(15),
        environment: settings.hardened().then_some(GATE_ENVIRONMENT),
        permissions,
        steps,
        ..Job::default()
    }
}
