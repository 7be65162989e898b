//! The repository as each schedule finds it: one package, two pull requests that both want version 2, both built.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lockgate_core::config::Package;
use lockgate_core::detect::VersionFile;
use lockgate_core::document::Manifest;
use lockgate_core::fingerprint::{SourceDigests, TreeEntry, of_tree};
use lockgate_core::promote::ENVIRONMENT;
use lockgate_core::{BranchName, ObjectId, config};
use lockgate_forge_embedded::state::State;
use lockgate_forge_embedded::state::people::{Actor, Role};
use lockgate_forge_embedded::state::pulls::{HeadRepository, NewPull};
use lockgate_forge_embedded::{
    CommitId, Files, MemoryRepository, Merge, MergeMethod, PullNumber, Repository as _, Signature,
};

use crate::people;
use crate::world::{World, number_of};

/// When every schedule begins, in seconds since 1970.
pub const START: i64 = 1_790_000_000;
/// Where the workflow that builds lies.
pub const WORKFLOW: &str = ".github/workflows/build-hello.yml";
/// Where the workflow that promotes lies.
pub const PROMOTION: &str = ".github/workflows/promote-hello.yml";
/// Where the config lies.
pub const CONFIG_FILE: &str = "lockgate.toml";
/// A branch besides the default one that has a gate, and into which anybody may push.
pub const SIDE: &str = "side";
/// The file that names the version.
const VERSION: &str = "hello/VERSION";

/// The config of main.
pub const CONFIG: &str = r#"
[package.hello]
version-file = "hello/VERSION"
sources = ["hello/**"]
tag = "hello-v{version}"
asset = "hello-{variant}-v{version}"
[package.hello.build]
command = ["make"]
output = "dist/{asset}"
[package.hello.variant.amd64]
[package.hello.variant.arm64]
[workflows]
branches = ["side"]
"#;

/// The beginning of every schedule, and what can be known once for all of them.
#[derive(Debug)]
pub struct Template {
    /// The forge.
    pub state: State,
    /// The repository.
    pub git: MemoryRepository,
    /// The manifests of the two candidates, by the number of the artifact that holds them.
    pub manifests: BTreeMap<u64, Manifest>,
    /// What they were built for; see [`World::built`].
    pub built: BTreeSet<(PullNumber, CommitId, usize)>,
    /// The package.
    pub package: Rc<Package>,
    /// Branches besides main that have a gate.
    pub branches: Vec<BranchName>,
    /// The build workflow's file on main.
    pub workflow: Option<ObjectId>,
    /// Who calls the forge in the promoters' name.
    pub automation: Actor,
    /// A developer, who may write.
    pub writer: Actor,
    people: BTreeMap<&'static str, Actor>,
    trees: RefCell<BTreeMap<String, Rc<Tree>>>,
    merges: RefCell<BTreeMap<Sides, Option<Rc<Tree>>>>,
}

/// A base and a head.
type Sides = (String, String);

/// What a commit's tree says. Commits never change, so it is worked out once.
#[derive(Debug)]
pub struct Tree {
    /// Of the package.
    pub digests: SourceDigests,
    /// Of the package.
    pub version: VersionFile,
    /// The number of its sources, as the model counts.
    pub sources: u32,
    /// The build workflow's file.
    pub workflow: Option<ObjectId>,
    /// The package, where its config is another than main's.
    pub renamed: Option<Rc<Package>>,
}

impl Template {
    /// Makes it. `None` would be a mistake in here.
    pub fn new() -> Option<Self> {
        let config = config::Config::parse(CONFIG).ok()?;
        let package = config.packages.into_values().next()?;
        let git = MemoryRepository::new();
        let main = git.commit_files("main", files("1\n", "", ""), "The first", START);
        let mut state = State::new("octo", "tools", "main", START);
        state.add_cast();
        state.add_person("maintainer-two", Role::Maintain);
        state.settings_mut().immutable_releases = true;
        state.settings_mut().required_contexts = vec![package.gate_context()];
        state.set_environment(START, ENVIRONMENT, people::guard());
        state.add_token(
            "maintainer-two-token",
            "maintainer-two",
            "maintainer-two",
            Role::Admin,
        );
        for path in [WORKFLOW, PROMOTION] {
            let name = path.rsplit('/').next().unwrap_or_default();
            state.register_workflow(START, name, path);
        }
        for (branch, one, other) in [("one", "1", ""), ("two", "", "2")] {
            git.set_reference(&format!("refs/heads/{branch}"), &main)
                .ok()?;
            git.commit_files(branch, files("2\n", one, other), branch, START);
            state.open_pull(START, &git, pull(branch)).ok()?;
        }
        let automation = state.holder("automation-token")?;
        let writer = state.holder("developer-token")?;
        let logins = ["maintainer", "maintainer-two", "admin", "developer"];
        let people = logins
            .into_iter()
            .filter_map(|login| Some((login, state.holder(&format!("{login}-token"))?)));
        let mut template = Self {
            people: people.collect(),
            state,
            git,
            manifests: BTreeMap::new(),
            built: BTreeSet::new(),
            branches: config.workflows.branches,
            workflow: None,
            package: Rc::new(package),
            automation,
            writer,
            trees: RefCell::default(),
            merges: RefCell::default(),
        };
        template.workflow = template
            .tree(&template.git, main.as_str())?
            .workflow
            .clone();
        let mut world = World::new(&template, false);
        people::build_all(&mut world);
        let World {
            state,
            manifests,
            built,
            ..
        } = world;
        (template.state, template.manifests, template.built) = (state, manifests, built);
        Some(template)
    }

    /// Who calls the forge with the token of a person.
    pub fn person(&self, login: &str) -> &Actor {
        self.people.get(login).unwrap_or(&self.writer)
    }

    /// The numbers of the pull requests.
    pub const PULLS: [PullNumber; 2] = [PullNumber(1), PullNumber(2)];

    /// What the merge of a head into a base would say; `None` for a conflict.
    pub fn merged(
        &self,
        git: &MemoryRepository,
        base: &CommitId,
        head: &CommitId,
    ) -> Option<Rc<Tree>> {
        let key = (base.to_string(), head.to_string());
        if let Some(known) = self.merges.borrow().get(&key) {
            return known.clone();
        }
        let order = Merge {
            base: base.clone(),
            head: head.clone(),
            method: MergeMethod::Merge,
            by: Signature {
                name: "trial".into(),
                email: String::new(),
                at: START,
            },
            message: "trial".into(),
        };
        let commit = git.merge(&order).ok().flatten();
        let tree = commit.and_then(|commit| self.tree(git, commit.as_str()));
        self.merges.borrow_mut().insert(key, tree.clone());
        tree
    }

    /// What a commit's tree says.
    pub fn tree(&self, git: &MemoryRepository, commit: &str) -> Option<Rc<Tree>> {
        if let Some(known) = self.trees.borrow().get(commit) {
            return Some(Rc::clone(known));
        }
        let entries: Vec<TreeEntry> = git
            .tree(commit, true)
            .ok()??
            .entries
            .into_iter()
            .filter_map(|entry| {
                Some(TreeEntry {
                    mode: entry.mode,
                    object: entry.id.parse().ok()?,
                    path: entry.path.into_bytes(),
                })
            })
            .collect();
        let id = CommitId::parse(commit)?;
        let found = |path: &str| {
            let mut of = entries.iter().filter(|entry| entry.path == path.as_bytes());
            of.next().map(|entry| entry.object.clone())
        };
        // Of another config only what it says of the package matters here.
        let other = git.file(&id, CONFIG_FILE);
        let other = other.filter(|text| text != CONFIG.as_bytes());
        let renamed = other.and_then(|text| {
            let config = config::Config::parse(&String::from_utf8(text).ok()?).ok()?;
            config.packages.into_values().next().map(Rc::new)
        });
        let digests = of_tree(&self.package, &entries);
        let tree = Rc::new(Tree {
            digests,
            sources: number_of(digests.fingerprint.0),
            version: git
                .file(&id, VERSION)
                .map_or(VersionFile::Absent, VersionFile::Content),
            workflow: found(WORKFLOW),
            renamed,
        });
        self.trees
            .borrow_mut()
            .insert(commit.to_owned(), Rc::clone(&tree));
        Some(tree)
    }
}

/// The files of a commit: the version, and two sources.
pub fn files(version: &str, one: &str, other: &str) -> Files {
    let all = [
        (VERSION, version),
        ("hello/one.c", one),
        ("hello/two.c", other),
        ("hello/three.c", ""),
        (WORKFLOW, "on: pull_request"),
        (CONFIG_FILE, CONFIG),
    ];
    let owned = |(path, text): (&str, &str)| (path.to_owned(), text.as_bytes().to_vec());
    all.map(owned).into_iter().collect()
}

fn pull(branch: &str) -> NewPull {
    NewPull {
        title: format!("Version 2, {branch}"),
        body: None,
        author: "developer".into(),
        base: String::new(),
        head: branch.into(),
        head_repository: HeadRepository::Here,
        fork_head: None,
        draft: false,
    }
}
