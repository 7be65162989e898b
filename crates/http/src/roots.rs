//! Whom TLS trusts: the system's root certificates, and those of the caller's files.

use std::path::PathBuf;

use ureq::tls::{Certificate, RootCerts};

use crate::escape::plain;

/// Reads the system's root certificates, and the caller's. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's; the library
/// `rustls-native-certs` reads them from the environment.
pub(crate) fn load(ca_files: &[PathBuf]) -> Result<RootCerts, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut all = found.certs;
    for file in ca_files {
        let shown = plain(&file.display().to_string());
        let more = rustls_native_certs::load_certs_from_paths(Some(file), None);
        match (more.certs.is_empty(), more.errors.first()) {
            (false, _) => all.extend(more.certs),
            (true, Some(error)) => return Err(format!("cannot read {shown}: {error}")),
            (true, None) => return Err(format!("there is no certificate in {shown}")),
        }
    }
    match (all.is_empty(), found.errors.first()) {
        (false, _) => {
            let der = all.iter().map(|der| Certificate::from_der(der).to_owned());
            Ok(der.collect::<Vec<_>>().into())
        }
        (true, Some(error)) => Err(format!("no root certificates could be read: {error}")),
        (true, None) => Err("there are no root certificates on this machine".to_owned()),
    }
}
