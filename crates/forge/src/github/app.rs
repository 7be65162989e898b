//! Signs in as a GitHub App: the App's key signs a short statement, for which GitHub issues a token for one repository
//! and a few permissions, valid for an hour. (GitHub, "Generating a JSON Web Token for a GitHub App", "Create an
//! installation access token for an app".)
//!
//! The key is revealed here, to the signature, and nowhere else; the statement goes only to the API's own host, like
//! any token.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lockgate_core::Login;
use lockgate_http::http::Method;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::http_client::HttpClient;
use super::{Config, ConfigProblem};
use crate::{ErrorKind, ForgeError, Token};

/// The lifetime of the statement: GitHub allows at most ten minutes, by its own clock.
const GOOD_FOR: Duration = Duration::from_secs(8 * 60);
/// How far this machine's clock may be ahead.
const AHEAD: Duration = Duration::from_secs(60);

/// An App: its id, and its private key. It has no `Display`, and its `Debug` does not show the key.
pub struct App {
    id: String,
    key: RsaKeyPair,
}

/// A permission of a token: its scope, and whether it includes writing.
pub type Permission = (&'static str, bool);

/// The result of signing in as an App.
#[derive(Debug)]
pub struct SignedIn {
    /// The token, limited to this repository and these permissions.
    pub token: Token,
    /// The account that the App writes as.
    pub login: Login,
}

/// Why an App's id or key is invalid. The key is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppProblem {
    /// The id.
    #[error("the App's number is not one, nor a client id")]
    Id,
    /// The key.
    #[error("the App's key is not a private RSA key in PEM, of 2048 bits or more")]
    Key,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App({}, …)", self.id)
    }
}

impl App {
    /// Creates an App from its id (or client id) and its key, as GitHub issues it: PEM, PKCS#1 or PKCS#8.
    ///
    /// # Errors
    /// [`AppProblem`].
    pub fn new(id: &str, pem: &str) -> Result<Self, AppProblem> {
        let tame = |b: u8| b.is_ascii_alphanumeric() || b == b'.';
        if !(1..=40).contains(&id.len()) || !id.bytes().all(tame) {
            return Err(AppProblem::Id);
        }
        let key = match (of_pem(pem, "RSA PRIVATE KEY"), of_pem(pem, "PRIVATE KEY")) {
            (Some(der), _) => RsaKeyPair::from_der(&der),
            (None, Some(der)) => RsaKeyPair::from_pkcs8(&der),
            (None, None) => return Err(AppProblem::Key),
        };
        let key = key.map_err(|_| AppProblem::Key)?;
        let id = id.to_owned();
        Ok(Self { id, key })
    }

    /// Returns the public key, as DER of PKCS#1, for verifying what the App signs.
    pub fn public_key(&self) -> &[u8] {
        use ring::signature::KeyPair as _;
        self.key.public_key().as_ref()
    }

    /// Gets a token for the repository of a config, whose own token is not used.
    ///
    /// # Errors
    /// [`ForgeError`]: GitHub does not know the App or its installation, or does not grant these permissions.
    pub fn sign_in(&self, config: &Config, rights: &[Permission]) -> Result<SignedIn, SignInError> {
        let operation = "sign in as the App";
        let statement = self.statement((config.clock.now)());
        let statement = statement.ok_or_else(|| ForgeError {
            kind: ErrorKind::Source,
            operation: operation.to_owned(),
            detail: "the key signs nothing".to_owned(),
        })?;
        let http_client = HttpClient::new(Config {
            token: Some(Token::new(statement)),
            ..config.clone()
        })?;
        let app: AppShape = http_client.read(operation, &http_client.api.url("/app"))?;
        let installed: Installation = http_client.read(
            "find the App's installation",
            &http_client.at("/installation"),
        )?;
        let permissions: Map<String, Value> = rights
            .iter()
            .map(|(scope, write)| {
                let access = if *write { "write" } else { "read" };
                ((*scope).to_owned(), access.into())
            })
            .collect();
        let body =
            json!({ "repositories": [config.repository.name()], "permissions": permissions });
        let path = format!("/app/installations/{}/access_tokens", installed.id);
        let asking = "get the App's token";
        let given: Given =
            http_client.write(asking, Method::POST, &http_client.api.url(&path), &body)?;
        let login = format!("{}[bot]", app.slug).parse();
        let login = login.map_err(|_| {
            http_client.error(
                ErrorKind::InvalidResponse,
                operation,
                "the forge names an App that cannot be one",
            )
        })?;
        Ok(SignedIn {
            token: Token::new(given.token),
            login,
        })
    }

    /// Returns `header.claims.signature`, RS256 (RFC 7519, RFC 7515).
    fn statement(&self, now: SystemTime) -> Option<String> {
        let seconds = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let claims = json!({
            "iat": seconds.saturating_sub(AHEAD.as_secs()),
            "exp": seconds + GOOD_FOR.as_secs(),
            "iss": self.id,
        });
        let header = json!({ "alg": "RS256", "typ": "JWT" });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = SystemRandom::new();
        let done = self.key.sign(
            &RSA_PKCS1_SHA256,
            &random,
            signed.as_bytes(),
            &mut signature,
        );
        done.ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Why an App received no token.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// A setting is invalid.
    #[error(transparent)]
    Config(#[from] ConfigProblem),
    /// GitHub refused, or did not respond.
    #[error(transparent)]
    Forge(#[from] ForgeError),
}

#[derive(Deserialize)]
struct AppShape {
    slug: String,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Given {
    token: String,
}

/// Returns the decoded content between the lines of a label. A secret may have lost its line breaks on the way.
fn of_pem(pem: &str, label: &str) -> Option<Vec<u8>> {
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let (_, rest) = pem.split_once(&begin)?;
    let (body, _) = rest.split_once(&end)?;
    let body: String = body.replace("\\n", "").split_whitespace().collect();
    STANDARD.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key made for these tests; it grants no access.
    pub(crate) const KEY: &str = include_str!("tests/app-key.pem");

    #[test]
    fn a_key_is_read_in_either_form_and_with_lost_line_breaks() {
        let app = App::new("42", KEY).unwrap();
        let one_line = KEY.replace('\n', "\\n");
        assert_eq!(
            App::new("42", &one_line).unwrap().public_key(),
            app.public_key()
        );
        let rsa = App::new("Iv23liABC", include_str!("tests/app-key-rsa.pem")).unwrap();
        assert_eq!(rsa.public_key(), app.public_key());
    }

    #[test]
    fn what_is_no_key_or_no_number_is_refused_and_never_shown() {
        for (id, pem, problem) in [
            ("", KEY, AppProblem::Id),
            ("4 2", KEY, AppProblem::Id),
            ("42", "", AppProblem::Key),
            (
                "42",
                "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----",
                AppProblem::Key,
            ),
            ("42", &KEY.replace("PRIVATE", "PUBLIC"), AppProblem::Key),
        ] {
            assert_eq!(App::new(id, pem).err(), Some(problem));
        }
        let shown = format!("{:?}", App::new("42", KEY).unwrap());
        assert_eq!(shown, "App(42, …)");
    }

    #[test]
    fn the_statement_is_signed_and_good_for_a_few_minutes() {
        let app = App::new("42", KEY).unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let statement = app.statement(now).unwrap();
        let (signed, signature) = statement.rsplit_once('.').unwrap();
        let key = ring::signature::UnparsedPublicKey::new(
            &ring::signature::RSA_PKCS1_2048_8192_SHA256,
            app.public_key(),
        );
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        key.verify(signed.as_bytes(), &signature).unwrap();
        let claims = URL_SAFE_NO_PAD
            .decode(signed.split_once('.').unwrap().1)
            .unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            claims,
            json!({ "iss": "42", "iat": 1_799_999_940, "exp": 1_800_000_480 })
        );
    }
}
