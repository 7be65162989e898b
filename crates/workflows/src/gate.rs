//! `gate-<package>.yml`, the privileged workflow. It runs the default branch's file, checks out only the default
//! branch, and never runs anything from the pull request.

use lockgate_core::gate::GATE_ENVIRONMENT;

use crate::steps::{MACHINE, Settings, read, write};
use crate::workflow::{Concurrency, Job, Step, Trigger, Workflow};
use crate::yaml::write::{Table, Value};
use crate::{build, promote};

/// Returns the workflow.
pub fn workflow(settings: &Settings<'_>) -> Workflow {
    let name = &settings.package.name;
    Workflow {
        about: settings.about(&[
            "Holds or releases the merge, and keeps the comment. The privileged workflow: it runs the default branch's file,",
            "checks out the default branch only, and never runs anything of the pull request.",
        ]),
        name: format!("Gate {name}"),
        run_name: None,
        on: triggers(settings),
        concurrency: Concurrency {
            group: format!(
                "lockgate-gate-{name}-${{{{ github.event.pull_request.head.label || github.event.workflow_run.head_branch && format('{{0}}:{{1}}', github.event.workflow_run.head_repository.owner.login, github.event.workflow_run.head_branch) || github.ref }}}}"
            ),
            cancel: false,
            why: "an older run never overtakes a newer one; of those that wait the newest is kept, and it judges all pull requests of the branch",
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
    run.put(
        "workflows",
        words(&[
            &build::workflow_name(settings),
            &promote::workflow_name(settings),
        ]),
    );
    run.put("types", words(&["completed"]));
    let mut push = Table::default();
    let gated = [&settings.workflows.branch].into_iter();
    let gated: Vec<String> = gated
        .chain(&settings.workflows.branches)
        .map(|branch| as_pattern(branch.as_str()))
        .collect();
    push.put("branches", Value::Words(gated));
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
            "zizmor: ignore[dangerous-triggers] what was built or promoted, or why not; what the run left is read as hostile bytes",
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

/// Returns a branch name as a filter that matches only this branch.
fn as_pattern(branch: &str) -> String {
    let special = |c: char| matches!(c, '*' | '?' | '+' | '[' | ']' | '!' | '\\');
    branch
        .chars()
        .flat_map(|c| special(c).then_some('\\').into_iter().chain([c]))
        .collect()
}

fn gate(settings: &Settings<'_>) -> Job {
    let call = |id, condition: Option<&str>, env: Vec<_>, command: &str, rest: &str| Step::Run {
        id,
        condition: condition.map(ToOwned::to_owned),
        env: settings.credentials().into_iter().chain(env).collect(),
        command: settings.call(command, rest),
    };
    let mut steps = vec![settings.checkout(Some("${{ github.event.repository.default_branch }}"))];
    steps.extend(settings.install(None));
    steps.push(call(Some("gate"), None, Vec::new(), "gate", ""));
    // A pull request that the gate could not judge must not hold back the comments of the others.
    let due = "steps.gate.outputs.pulls != '' && !cancelled()";
    let pulls = ("PULLS", "${{ steps.gate.outputs.pulls }}".to_owned());
    steps.push(call(
        None,
        Some(due),
        vec![pulls],
        "report",
        " --pr \"$PULLS\"",
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
