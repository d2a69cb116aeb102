//! Which domains a route of others answers, so that ours come before what is broader and after what is not.
//!
//! Judged by the host alone: a route that also asks for a path, an address or a header answers some requests only, and
//! whoever wrote it before the rest wants it there.

use octoporty_core::host::{HostPattern, Hostname};
use serde_json::Value;

/// Handlers that answer a request instead of passing it on. One that is not known here is taken for one that passes on,
/// so that nobody's check of visitors is bypassed.
const ANSWERING: &[&str] = &["reverse_proxy", "static_response", "file_server", "error", "acme_server", "invoke"];

/// How deep subroutes are looked into.
const DEPTH_MAX: usize = 8;

/// The domains whose every request a route answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Coverage {
    /// None whole.
    Nothing,
    /// All there are.
    Everything,
    /// Those of these names; `*` stands for one label.
    Hosts(Vec<String>),
}

impl Coverage {
    /// What `route` answers.
    pub(super) fn of(route: &Value) -> Self {
        if answers(route, DEPTH_MAX) { Self::matched(route) } else { Self::Nothing }
    }

    /// What gets to the handlers of `route`.
    fn matched(route: &Value) -> Self {
        let Some(sets) = route.get("match").and_then(Value::as_array).filter(|sets| !sets.is_empty()) else {
            return Self::Everything;
        };
        let mut hosts = Vec::new();
        for set in sets.iter().filter_map(Value::as_object) {
            match (set.len(), set.get("host").and_then(Value::as_array)) {
                (0, _) => return Self::Everything,
                (1, Some(names)) => hosts.extend(names.iter().filter_map(Value::as_str).map(normalised)),
                _ => {}
            }
        }
        if hosts.iter().any(|host| host == "*") {
            return Self::Everything;
        }
        if hosts.is_empty() { Self::Nothing } else { Self::Hosts(hosts) }
    }

    /// Whether it answers all of `domain` and is meant for more than that: a catch-all, seen from there.
    pub(super) fn is_broader_than(&self, domain: &HostPattern) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Hosts(hosts) => {
                let own = domain.to_string();
                !self.is_within(domain) && hosts.iter().any(|host| labels_match(host, &own))
            }
        }
    }

    /// Whether it is meant for `domain` itself, or for names below it.
    pub(super) fn is_within(&self, domain: &HostPattern) -> bool {
        let Self::Hosts(hosts) = self else {
            return false;
        };
        hosts.iter().any(|host| match domain {
            HostPattern::Exact(name) => host == name.as_str(),
            HostPattern::Wildcard(suffix) => {
                host.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
        })
    }

    /// Whether it is meant for `domain` itself and leaves nothing of it: a route behind it is never reached.
    pub(super) fn is_same_as(&self, domain: &HostPattern) -> bool {
        let own = domain.to_string();
        matches!(self, Self::Hosts(hosts) if hosts.contains(&own))
    }
}

fn normalised(host: &str) -> String {
    Hostname::parse(host).map_or_else(|_pattern| host.to_ascii_lowercase(), |name| name.as_str().to_owned())
}

/// Whether `pattern` matches all that `name` does, label by label.
fn labels_match(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.split('.'), name.split('.'));
    loop {
        match (pattern.next(), name.next()) {
            (None, None) => return true,
            (Some(wanted), Some(label)) if wanted == "*" || wanted == label => {}
            _ => return false,
        }
    }
}

fn answers(route: &Value, depth: usize) -> bool {
    if route.get("terminal").and_then(Value::as_bool) == Some(true) {
        return true;
    }
    let handlers = route.get("handle").and_then(Value::as_array);
    handlers.into_iter().flatten().any(|handler| match handler.get("handler").and_then(Value::as_str) {
        Some("subroute") if depth > 0 => {
            let routes = handler.get("routes").and_then(Value::as_array);
            let whole = |route: &&Value| Coverage::matched(route) == Coverage::Everything;
            routes.into_iter().flatten().filter(whole).any(|route| answers(route, depth - 1))
        }
        Some(name) => ANSWERING.contains(&name),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn respond(matchers: &Value) -> Value {
        json!({ "match": matchers, "handle": [{ "handler": "static_response" }] })
    }

    #[test]
    fn coverage_is_that_of_the_hosts_alone() {
        let check = |route: Value, expected: Coverage| assert_eq!(Coverage::of(&route), expected, "{route}");
        let hosts = |names: &[&str]| Coverage::Hosts(names.iter().map(|name| (*name).to_owned()).collect());
        check(json!({ "handle": [{ "handler": "file_server" }] }), Coverage::Everything);
        check(json!({ "terminal": true }), Coverage::Everything);
        check(respond(&json!([])), Coverage::Everything);
        check(respond(&json!([{}])), Coverage::Everything);
        check(respond(&json!([{ "host": ["*"] }])), Coverage::Everything);
        check(respond(&json!([{ "host": ["A.Example.com", "*.B.test"] }])), hosts(&["a.example.com", "*.b.test"]));
        check(respond(&json!([{ "host": ["bücher.example"] }])), hosts(&["xn--bcher-kva.example"]));
        check(respond(&json!([{ "host": ["a.test"], "path": ["/x"] }])), Coverage::Nothing);
        check(respond(&json!([{ "host": ["a.test"], "path": ["/x"] }, { "host": ["b.test"] }])), hosts(&["b.test"]));
        check(respond(&json!([{ "remote_ip": { "ranges": ["192.0.2.0/24"] } }])), Coverage::Nothing);
        // Nobody is bypassed who looks at requests and passes them on.
        check(json!({ "handle": [{ "handler": "headers" }, { "handler": "encode" }] }), Coverage::Nothing);
        check(json!({ "handle": [{ "handler": "a_plugin" }] }), Coverage::Nothing);
        let sub = |routes: Value| json!({ "handle": [{ "handler": "subroute", "routes": routes }] });
        check(sub(json!([{ "handle": [{ "handler": "reverse_proxy" }] }])), Coverage::Everything);
        check(sub(json!([respond(&json!([{ "path": ["/x"] }]))])), Coverage::Nothing);
    }

    #[test]
    fn broader_and_narrower() {
        // Of others, ours, broader, within, the same.
        for (foreign, own, broader, within, same) in [
            ("a.example.com", "a.example.com", false, true, true),
            ("*.example.com", "a.example.com", true, false, false),
            ("*.example.com", "b.a.example.com", false, false, false),
            ("*.*.com", "a.example.com", true, false, false),
            ("*.example.com", "*.example.com", false, true, true),
            ("a.example.com", "*.example.com", false, true, false),
            ("b.a.example.com", "*.example.com", false, true, false),
            ("*.*.com", "*.example.com", true, false, false),
            ("*.com", "*.example.com", false, false, false),
            ("example.com", "*.example.com", false, false, false),
            ("b.test", "a.test", false, false, false),
        ] {
            let coverage = Coverage::Hosts(vec![foreign.to_owned()]);
            let own: HostPattern = own.parse().unwrap();
            let found = (coverage.is_broader_than(&own), coverage.is_within(&own), coverage.is_same_as(&own));
            assert_eq!(found, (broader, within, same), "{foreign} to {own}");
        }
        let own: HostPattern = "a.example.com".parse().unwrap();
        assert!(Coverage::Everything.is_broader_than(&own) && !Coverage::Everything.is_within(&own));
        // One site for a name and for all beside it: it is meant for the name too.
        let both = Coverage::Hosts(vec!["*.example.com".to_owned(), "a.example.com".to_owned()]);
        assert!(!both.is_broader_than(&own) && both.is_within(&own));
    }
}
