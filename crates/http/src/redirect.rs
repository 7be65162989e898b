//! Follows redirects: a few, and never away from encryption.

use ureq::Body;
use ureq::http::{Response, header};

use crate::Address;
use crate::body::read_rest;
use crate::exchange::header;

/// The most redirects that are followed.
const MOST: u32 = 5;

/// A response that is not a redirect.
#[derive(Debug)]
pub struct Followed {
    /// The response.
    pub response: Response<Body>,
    /// The address that gave it.
    pub address: Address,
    /// How many redirects led there.
    pub hops: u32,
}

/// Requests an address with `ask`, which gets the number of redirects so far, and then each address that a redirect names. `refuse`
/// makes an error of the reason why a redirect is not followed.
///
/// # Errors
/// Those of `ask` and `refuse`.
pub fn follow<E>(
    from: &Address,
    refuse: impl Fn(String) -> E,
    mut ask: impl FnMut(&Address, u32) -> Result<Response<Body>, E>,
) -> Result<Followed, E> {
    let mut address = from.clone();
    for hops in 0..=MOST {
        let response = ask(&address, hops)?;
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(Followed {
                response,
                address,
                hops,
            });
        }
        let location = header(&response, header::LOCATION).unwrap_or_default();
        address = address.follow(location).map_err(&refuse)?;
        read_rest(response);
    }
    Err(refuse(format!("it redirects more than {MOST} times")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(to: &str) -> Response<Body> {
        let body = Body::builder().data(Vec::new());
        let response = Response::builder().status(302).header("location", to);
        response.body(body).unwrap()
    }

    fn visited(from: &str, locations: &[&str]) -> (Vec<String>, Result<u32, String>) {
        let mut seen = Vec::new();
        let end = follow(
            &Address::parse(from).unwrap(),
            |why| why,
            |address, hop| {
                seen.push(address.in_full());
                let next = locations.get(hop as usize);
                let found = || Response::new(Body::builder().data(Vec::new()));
                Ok(next.map_or_else(found, |to| redirect(to)))
            },
        );
        (seen, end.map(|followed| followed.hops))
    }

    #[test]
    fn redirects_are_followed_five_times_and_never_away_from_encryption() {
        let (seen, end) = visited("http://a/x", &["https://b/y", "z?q"]);
        assert_eq!(seen, ["http://a/x", "https://b/y", "https://b/z?q"]);
        assert_eq!(end, Ok(2));
        let (seen, end) = visited("https://a/x", &["http://a/y"]);
        assert_eq!(seen.len(), 1);
        assert!(end.unwrap_err().ends_with("which is not encrypted"));
        assert_eq!(visited("http://a/", &["/"; 5]).1, Ok(5));
        let (seen, end) = visited("http://a/", &["/"; 6]);
        assert_eq!(seen.len(), 6);
        assert_eq!(end.unwrap_err(), "it redirects more than 5 times");
    }
}
