//! Calls for the repository and the roles of its users.

use lockgate_core::{Login, Role};

use super::address::encoded;
use super::shapes;
use super::wire::Wire;
use crate::{ErrorKind, ForgeError, Repository};

pub(super) fn repository(wire: &Wire) -> Result<Repository, ForgeError> {
    let found: shapes::Repository = wire.read("read the repository", &wire.at(""))?;
    Ok(found.into())
}

pub(super) fn viewer(wire: &Wire) -> Result<Login, ForgeError> {
    let doing = "find out whose token this is";
    let user: shapes::User = wire.read(doing, &wire.api.url("/user"))?;
    user.login().ok_or_else(|| {
        wire.error(
            ErrorKind::Garbled,
            doing,
            "the forge names an account that cannot be one",
        )
    })
}

pub(super) fn role(wire: &Wire, login: &Login) -> Result<Role, ForgeError> {
    let path = format!("/collaborators/{}/permission", encoded(login.as_str()));
    let doing = format!("find out the role of {login}");
    match wire.read::<shapes::Permission>(&doing, &wire.at(&path)) {
        Ok(found) => Ok(found.into()),
        // An App, or an account that is gone or was renamed: "is not a user".
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Role::None),
        Err(error) => Err(error),
    }
}
