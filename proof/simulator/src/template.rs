//! The initial repository of each schedule: one package, two pull requests for version 2, both built.

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

use crate::users;
use crate::world::{World, number_of};

/// The start time of every schedule, in seconds since 1970.
pub const START: i64 = 1_790_000_000;
/// The path of the build workflow.
pub const WORKFLOW: &str = ".github/workflows/build-hello.yml";
/// The path of the promotion workflow.
pub const PROMOTION: &str = ".github/workflows/promote-hello.yml";
/// The path of the config.
pub const CONFIG_FILE: &str = "lockgate.toml";
/// A branch besides the default one that has a gate, with open push access.
pub const SIDE: &str = "side";
/// The version file.
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

/// The initial state of every schedule, and everything that can be computed once for all of them.
#[derive(Debug)]
pub struct Template {
    /// The state of the fake GitHub.
    pub state: State,
    /// The repository.
    pub git: MemoryRepository,
    /// The manifests of the two candidates, by the id of their artifact.
    pub manifests: BTreeMap<u64, Manifest>,
    /// What they were built for; see [`World::built`].
    pub built: BTreeSet<(PullNumber, CommitId, usize)>,
    /// The package.
    pub package: Rc<Package>,
    /// The other branches with a gate.
    pub branches: Vec<BranchName>,
    /// The build workflow's file on main.
    pub workflow: Option<ObjectId>,
    /// The account that the promoters act as.
    pub automation: Actor,
    /// A developer with write access.
    pub writer: Actor,
    people: BTreeMap<&'static str, Actor>,
    trees: RefCell<BTreeMap<String, Rc<Tree>>>,
    merges: RefCell<BTreeMap<Sides, Option<Rc<Tree>>>>,
}

/// A base and a head.
type Sides = (String, String);

/// The relevant content of a commit's tree. Commits never change, so it is cached.
#[derive(Debug)]
pub struct Tree {
    /// The digests of the package's sources.
    pub digests: SourceDigests,
    /// The version file of the package.
    pub version: VersionFile,
    /// The number of its sources, as in the model.
    pub sources: u32,
    /// The build workflow's file.
    pub workflow: Option<ObjectId>,
    /// The package, if its config differs from main's.
    pub renamed: Option<Rc<Package>>,
}

impl Template {
    /// Creates the template. `None` would be a bug in this module.
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
        state.set_environment(START, ENVIRONMENT, users::guard());
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
        users::build_all(&mut world);
        let World {
            state,
            manifests,
            built,
            ..
        } = world;
        (template.state, template.manifests, template.built) = (state, manifests, built);
        Some(template)
    }

    /// Returns the actor of a user's token.
    pub fn person(&self, login: &str) -> &Actor {
        self.people.get(login).unwrap_or(&self.writer)
    }

    /// The numbers of the pull requests.
    pub const PULLS: [PullNumber; 2] = [PullNumber(1), PullNumber(2)];

    /// Returns the merge of a head into a base; `None` for a conflict.
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

    /// Returns the relevant content of a commit's tree.
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
        // Only the package matters in a different config.
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

/// Returns the files of a commit: the version, and two sources.
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
