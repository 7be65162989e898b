//! Pages of long lists: `per_page` (30, at most 100), `page`, and the `link` header.

use serde_json::Value;

use super::input::encoded;
use super::{Answer, Call, RequestContext};

/// Responds with the requested page of `items`.
pub(crate) fn list(context: &RequestContext<'_>, items: Vec<Value>) -> Answer {
    let (page, link) = cut(context.call, &items);
    with_link(Answer::ok(&Value::from(page)), link)
}

/// Responds with the requested page, in an object that also contains the total number.
pub(crate) fn counted(context: &RequestContext<'_>, name: &str, items: Vec<Value>) -> Answer {
    let (page, link) = cut(context.call, &items);
    let body = serde_json::json!({ "total_count": items.len(), name: page });
    with_link(Answer::ok(&body), link)
}

fn with_link(answer: Answer, link: Option<String>) -> Answer {
    match link {
        Some(link) => answer.header("link", link),
        None => answer,
    }
}

fn cut(call: &Call, items: &[Value]) -> (Vec<Value>, Option<String>) {
    let number = |name, or: usize| {
        let asked = call.query.get(name).and_then(|text| text.parse().ok());
        asked.filter(|asked| *asked > 0).unwrap_or(or)
    };
    let size = number("per_page", 30).min(100);
    let page = number("page", 1);
    let last = items.len().div_ceil(size).max(1);
    let shown = items
        .iter()
        .skip(size.saturating_mul(page - 1))
        .take(size)
        .cloned()
        .collect();
    if last == 1 {
        return (shown, None);
    }
    let address = |page: usize| {
        let mut query: Vec<String> = call.query.without("page").map(pair).collect();
        query.push(format!("page={page}"));
        let path: Vec<String> = call.path.iter().map(|part| encoded(part)).collect();
        call.links
            .api(&format!("/{}?{}", path.join("/"), query.join("&")))
    };
    let mut links = Vec::new();
    let mut add = |page, rel| links.push(format!("<{}>; rel=\"{rel}\"", address(page)));
    if page > 1 {
        add(page.min(last + 1) - 1, "prev");
    }
    if page < last {
        add(page + 1, "next");
        add(last, "last");
    }
    if page > 1 {
        add(1, "first");
    }
    (shown, Some(links.join(", ")))
}

fn pair((name, value): (&str, &str)) -> String {
    format!("{}={}", encoded(name), encoded(value))
}
