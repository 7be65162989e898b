//! `build-<package>.yml`, the unprivileged workflow. It runs the pull request's own copy of the file and the pull
//! request's code, so it can only read, and keeps nothing that the next run could see.

use lockgate_core::config::Variant;

use crate::steps::{MACHINE, Settings, needs_emulator, read, token};
use crate::workflow::{Concurrency, Job, Step, Trigger, Workflow};
use crate::yaml::write::{Table, Value};

/// A pull request was edited, but not its base: there is nothing to build.
const EDITED: &str = "github.event.action == 'edited' && !github.event.changes.base";

const HEAD: &str = "${{ github.event.pull_request.head.sha || github.sha }}";

/// Returns the workflow.
pub fn workflow(settings: &Settings<'_>) -> Workflow {
    let name = &settings.package.name;
    Workflow {
        about: settings.about(&[&format!(
            "Builds a candidate for every push to a pull request that raises the version of {name}."
        )]),
        name: workflow_name(settings),
        run_name: Some(format!(
            "Build {name} of ${{{{ github.head_ref || github.ref_name }}}}"
        )),
        on: triggers(settings),
        concurrency: Concurrency {
            group: format!(
                "lockgate-build-{name}-${{{{ {EDITED} && github.run_id || github.event.pull_request.number || github.ref }}}}"
            ),
            cancel: true,
            why: "a newer push overtakes an older one; an edit of the title overtakes nothing",
        },
        jobs: vec![detect(settings), build(settings), candidate(settings)],
    }
}

/// Returns the workflow's name on GitHub, by which the gate waits for it.
pub(crate) fn workflow_name(settings: &Settings<'_>) -> String {
    format!("Build {}", settings.package.name)
}

fn triggers(settings: &Settings<'_>) -> Vec<Trigger> {
    let trigger = |event, why| Trigger {
        event,
        why,
        settings: Table::default(),
    };
    let mut pull = Table::default();
    let types = ["opened", "reopened", "synchronize", "edited"];
    let types = types.iter().map(|it| (*it).to_owned()).collect();
    pull.put("types", Value::Words(types));
    let mut on = vec![
        Trigger {
            event: "pull_request",
            why: Some(
                "no path filter: a run that never starts would leave nothing to look at; edited: into another branch",
            ),
            settings: pull,
        },
        trigger(
            "workflow_dispatch",
            Some("by hand, on the pull request's branch, if the event was lost"),
        ),
    ];
    if settings.hardened() {
        on.push(trigger(
            "merge_group",
            Some("builds nothing: its end starts the gate, which may hold the App's key"),
        ));
    }
    on
}

fn detect(settings: &Settings<'_>) -> Job {
    let output = |name: &str| format!("${{{{ steps.detect.outputs.{name} }}}}");
    let mut steps = vec![settings.checkout(Some(HEAD))];
    steps.extend(settings.install(None));
    steps.push(Step::Run {
        id: Some("detect"),
        condition: None,
        env: Vec::new(),
        command: settings.call("detect", ""),
    });
    Job {
        id: "detect",
        name: "Detect".to_owned(),
        condition: Some("github.event.action != 'edited' || github.event.changes.base".to_owned()),
        runs_on: MACHINE.to_owned(),
        timeout: Some(15),
        permissions: vec![read("contents", "to check out")],
        outputs: vec![
            ("decision", output("decision")),
            ("matrix", output("matrix")),
        ],
        steps,
        ..Job::default()
    }
}

fn build(settings: &Settings<'_>) -> Job {
    let is_built = "needs.detect.outputs.decision == 'build'";
    let foreign = |variant: &Variant| needs_emulator(&variant.arch, &variant.runner);
    let emulate = settings.package.variants.iter().any(foreign);
    let mut steps = vec![settings.checkout(Some(HEAD))];
    steps.extend(settings.install(emulate.then_some("${{ matrix.arch }}")));
    steps.extend([
        Step::Place("before-build"),
        Step::Run {
            id: Some("build"),
            condition: None,
            env: vec![("VARIANT", "${{ matrix.variant }}".to_owned())],
            command: settings.call("build", " --variant \"$VARIANT\""),
        },
        settings.upload("build", "", "steps.build.outcome == 'success'", true),
        settings.upload(
            "build",
            "part-",
            "steps.build.outputs.part-path != '' && !cancelled()",
            false,
        ),
        Step::Place("after-build"),
    ]);
    Job {
        id: "build",
        name: "Build ${{ matrix.variant }}".to_owned(),
        why: Some("the only job that runs the pull request's code"),
        needs: &["detect"],
        condition: Some(match settings.hardened() {
            true => format!("{is_built} && github.event_name != 'merge_group'"),
            false => is_built.to_owned(),
        }),
        matrix: Some("${{ fromJSON(needs.detect.outputs.matrix) }}".to_owned()),
        runs_on: "${{ matrix.runner }}".to_owned(),
        permissions: vec![read("contents", "to check out")],
        custom_block: Some("build-job"),
        steps,
        ..Job::default()
    }
}

fn candidate(settings: &Settings<'_>) -> Job {
    let mut steps = vec![settings.checkout(Some(HEAD))];
    steps.extend(settings.install(None));
    steps.extend([
        Step::Run {
            id: Some("join"),
            condition: None,
            env: vec![token()],
            command: settings.call("build", " --join"),
        },
        settings.upload(
            "join",
            "",
            "steps.join.outputs.path != '' && !cancelled()",
            false,
        ),
    ]);
    let mut condition = "needs.detect.outputs.decision == 'build' && !cancelled()".to_owned();
    if settings.hardened() {
        condition += " && github.event_name != 'merge_group'";
    }
    Job {
        id: "candidate",
        name: "Candidate".to_owned(),
        why: Some("all variants, or the run has failed"),
        needs: &["detect", "build"],
        condition: Some(condition),
        runs_on: MACHINE.to_owned(),
        timeout: Some(15),
        permissions: vec![
            read("contents", "to check out"),
            read("actions", "to read what the build jobs left"),
        ],
        steps,
        ..Job::default()
    }
}
