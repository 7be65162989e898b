//! An App signs in through the adapter, and receives a token with the requested permissions for an hour.

use std::time::{Duration, UNIX_EPOCH};

use lockgate_core::gate::{Status, StatusState};
use lockgate_forge::github::{App, Config, GitHub, Permission, SignInError, SignedIn};
use lockgate_forge::{ErrorKind, Forge as _, Token};
use lockgate_forge_embedded::state::people::{Access, Rights};

use crate::support::Rehearsal;

/// Made for tests; it grants no access.
const KEY: &str = include_str!("../../../../crates/forge/src/github/tests/app-key.pem");
const RIGHTS: &[Permission] = &[("contents", false), ("statuses", true)];

fn config(world: &Rehearsal) -> Config {
    let mut config = Config::new(world.forge.api_url(), "octo/tools".parse().unwrap(), None);
    let now = u64::try_from(world.forge.now()).unwrap();
    config.clock.now = std::sync::Arc::new(move || UNIX_EPOCH + Duration::from_secs(now));
    config.clock.sleep = std::sync::Arc::new(|_| ());
    config
}

fn installed(world: &Rehearsal) -> App {
    let key = App::new("1", KEY).unwrap();
    let all =
        ["contents", "statuses", "pull-requests"].map(|scope| (scope.to_owned(), Access::Write));
    let id = world
        .forge
        .add_app("locksmith", key.public_key(), Rights::from(all));
    App::new(&id.to_string(), KEY).unwrap()
}

fn with(config: &Config, token: Token) -> GitHub {
    let token = Some(token);
    GitHub::new(Config {
        token,
        ..config.clone()
    })
    .unwrap()
}

/// Returns the kind of the refusal, if any.
fn refused(result: Result<SignedIn, SignInError>) -> Option<ErrorKind> {
    match result {
        Err(SignInError::Forge(error)) => Some(error.kind),
        Err(SignInError::Config(_)) | Ok(_) => None,
    }
}

fn green() -> Status {
    Status {
        state: StatusState::Success,
        code: "gate.unchanged",
        description: "fine".to_owned(),
    }
}

#[test]
fn an_app_gets_a_token_for_what_it_asks_and_writes_in_its_own_name() {
    let world = Rehearsal::start();
    let (app, config) = (installed(&world), config(&world));
    let signed_in = app.sign_in(&config, RIGHTS).unwrap();
    assert_eq!(signed_in.login.as_str(), "locksmith[bot]");
    assert!(!format!("{signed_in:?}").contains("ghs_"));
    let forge = with(&config, signed_in.token);
    let head = world.bump.as_str().parse().unwrap();
    forge
        .post_status(&head, "lockgate/tool", &green(), None)
        .unwrap();
    let posted = world
        .get("anonymous", &format!("/commits/{}/statuses", world.bump))
        .json();
    assert_eq!(posted[0]["creator"]["login"], "locksmith[bot]");
    // The App may comment, but did not request that permission.
    let pull = world.forge.open_pull("developer", "bump", "Bump").unwrap();
    let denied = forge
        .create_comment(lockgate_core::PullNumber(pull.0), "x")
        .unwrap_err();
    assert_eq!(denied.kind, ErrorKind::Denied);
}

#[test]
fn a_right_that_the_app_does_not_have_is_not_given() {
    let world = Rehearsal::start();
    let app = installed(&world);
    assert_eq!(
        refused(app.sign_in(&config(&world), &[("administration", false)])),
        Some(ErrorKind::Conflict)
    );
}

#[test]
fn only_the_app_s_own_key_and_only_now_is_believed() {
    let world = Rehearsal::start();
    let app = installed(&world);
    let stranger = App::new("1", KEY).unwrap();
    assert_eq!(
        refused(stranger.sign_in(&config(&world), RIGHTS)),
        Some(ErrorKind::Denied)
    );
    for seconds in [-3600, 3600] {
        let early = config(&world);
        world.forge.advance(seconds);
        assert_eq!(
            refused(app.sign_in(&early, RIGHTS)),
            Some(ErrorKind::Denied),
            "{seconds}"
        );
        world.forge.advance(-seconds);
    }
    app.sign_in(&config(&world), RIGHTS).unwrap();
}

#[test]
fn the_token_ends_after_an_hour_and_the_statement_is_good_for_nothing_else() {
    let world = Rehearsal::start();
    let (app, config) = (installed(&world), config(&world));
    let forge = with(&config, app.sign_in(&config, RIGHTS).unwrap().token);
    let head = world.bump.as_str().parse().unwrap();
    assert!(forge.status(&head, "x").is_ok());
    world.forge.advance(3601);
    assert_eq!(
        forge.status(&head, "x").unwrap_err().kind,
        ErrorKind::Denied
    );
    assert_eq!(world.get("automation", "/installation").status, 403);
}
