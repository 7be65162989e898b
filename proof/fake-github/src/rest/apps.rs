//! GitHub Apps: authentication by signature, and installation tokens. (GitHub, "REST API endpoints for GitHub Apps".)

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Outcome, RequestContext, input, schema};
use crate::state::State;
use crate::state::apps::{App, HOUR};
use crate::state::people::{Access, Rights};
use crate::state::refusal::{MissingPermission, Refusal};
use crate::time::rfc3339;

/// The longest lifetime of a statement, in seconds.
const LONGEST: i64 = 600;
/// The tolerated clock skew, in seconds.
const AHEAD: i64 = 60;

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: Value,
    iat: i64,
    exp: i64,
}

/// Returns the App that signed a statement, if the statement is valid now.
pub(crate) fn signer(state: &State, statement: &str, now: i64) -> Option<u64> {
    let (signed, signature) = statement.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
    let claims: Claims = serde_json::from_slice(&decode(claims)?).ok()?;
    let named = claims.iss.as_str().and_then(|text| text.parse().ok());
    let id = claims.iss.as_u64().or(named)?;
    let app = state.app(id)?;
    let in_time = claims.iat <= now + AHEAD && now < claims.exp && claims.exp <= now + LONGEST;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &app.public_key);
    let genuine = key.verify(signed.as_bytes(), &decode(signature)?).is_ok();
    (header.alg == "RS256" && in_time && genuine).then_some(id)
}

/// Returns the calling App; other callers are refused.
fn asking<'a>(context: &'a RequestContext<'_>) -> Result<&'a App, Refusal> {
    let id = context
        .call
        .app
        .ok_or(Refusal::Forbidden(MissingPermission::Integration))?;
    context.state.app(id).ok_or(Refusal::NotFound)
}

/// `GET /app`
pub(crate) fn app(context: &mut RequestContext<'_>) -> Outcome {
    let app = asking(context)?;
    let at = rfc3339(context.state.repository().created_at);
    let owner = schema::user(
        context.state,
        &context.call.links,
        &context.state.repository().owner,
    );
    Ok(Answer::ok(&json!({
        "id": app.id,
        "slug": app.slug,
        "node_id": schema::node_id("A", app.id),
        "owner": owner,
        "name": app.slug,
        "description": Value::Null,
        "external_url": context.call.links.page(""),
        "html_url": context.call.links.page(&format!("/apps/{}", app.slug)),
        "created_at": at,
        "updated_at": at,
        "permissions": permissions(&app.rights),
        "events": [],
        "installations_count": 1,
    })))
}

/// `GET /repos/{owner}/{repo}/installation`
pub(crate) fn installation(context: &mut RequestContext<'_>) -> Outcome {
    let app = asking(context)?;
    let links = &context.call.links;
    let at = rfc3339(context.state.repository().created_at);
    let owner = schema::user(context.state, links, &context.state.repository().owner);
    let own = format!("/app/installations/{}", app.installation);
    Ok(Answer::ok(&json!({
        "id": app.installation,
        "account": owner,
        "repository_selection": "selected",
        "access_tokens_url": links.api(&format!("{own}/access_tokens")),
        "repositories_url": links.api("/installation/repositories"),
        "html_url": links.page(&format!("/settings/installations/{}", app.installation)),
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": owner["id"],
        "target_type": "User",
        "permissions": permissions(&app.rights),
        "events": [],
        "created_at": at,
        "updated_at": at,
        "single_file_name": Value::Null,
        "suspended_by": Value::Null,
        "suspended_at": Value::Null,
    })))
}

#[derive(Deserialize)]
struct Order {
    #[serde(default)]
    repositories: Option<Vec<String>>,
    #[serde(default)]
    permissions: Option<BTreeMap<String, Access>>,
}

/// `POST /app/installations/{id}/access_tokens`
pub(crate) fn give(context: &mut RequestContext<'_>, installation: &str) -> Outcome {
    let app = asking(context)?.id;
    let installation = RequestContext::id(installation)?;
    let order: Order = input::json(context.call)?;
    let here = context.state.repository().name.clone();
    let named = order.repositories.unwrap_or_else(|| vec![here.clone()]);
    if named.iter().any(|name| !name.eq_ignore_ascii_case(&here)) {
        let text = "There is at least one repository that does not exist or is not accessible to the parent installation.";
        return Err(Refusal::Unprocessable(text.to_owned()));
    }
    let asked = order.permissions.map(|all| {
        let all = all.into_iter().filter(|(scope, _)| scope != "metadata");
        all.map(|(scope, access)| (scope.replace('_', "-"), access))
            .collect()
    });
    let now = context.call.now;
    let number = context.state.allocate();
    let secret = context
        .signer
        .secret(&format!("app {app} token {number} {now}"));
    let token = format!("ghs_{}", secret.get(..36).unwrap_or(&secret));
    let rights = context
        .state
        .give_token(app, installation, asked, &token, now)?;
    Ok(Answer::json(
        201,
        &json!({
            "token": token,
            "expires_at": rfc3339(now + HOUR),
            "permissions": permissions(&rights),
            "repository_selection": "selected",
        }),
    ))
}

/// Returns the permissions in the API's spelling.
fn permissions(rights: &Rights) -> Value {
    let mut all: BTreeMap<String, Access> = rights
        .iter()
        .map(|(scope, access)| (scope.replace('-', "_"), *access))
        .collect();
    all.insert("metadata".to_owned(), Access::Read);
    json!(all)
}
