//! Calls for the repository and the roles of its users.

use lockgate_core::{Login, Role};

use super::address::encoded;
use super::http_client::HttpClient;
use super::schema;
use crate::{ErrorKind, ForgeError, Repository};

pub(super) fn repository(http_client: &HttpClient) -> Result<Repository, ForgeError> {
    let found: schema::Repository = http_client.read("read the repository", &http_client.at(""))?;
    Ok(found.into())
}

pub(super) fn viewer(http_client: &HttpClient) -> Result<Login, ForgeError> {
    let operation = "find out whose token this is";
    let user: schema::User = http_client.read(operation, &http_client.api.url("/user"))?;
    user.login().ok_or_else(|| {
        http_client.error(
            ErrorKind::InvalidResponse,
            operation,
            "the forge names an account that cannot be one",
        )
    })
}

pub(super) fn role(http_client: &HttpClient, login: &Login) -> Result<Role, ForgeError> {
    let path = format!("/collaborators/{}/permission", encoded(login.as_str()));
    let operation = format!("find out the role of {login}");
    match http_client.read::<schema::Permission>(&operation, &http_client.at(&path)) {
        Ok(found) => Ok(found.into()),
        // An App, or an account that is gone or was renamed: "is not a user".
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Role::None),
        Err(error) => Err(error),
    }
}
