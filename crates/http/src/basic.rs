//! The `Basic` scheme of HTTP authentication (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Returns the value of a header with a user name and a password.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_name_and_password_are_encoded_together() {
        assert_eq!(basic("me", ""), "Basic bWU6");
        // RFC 7617, 2.
        let expected = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        assert_eq!(basic("Aladdin", "open sesame"), expected);
    }
}
