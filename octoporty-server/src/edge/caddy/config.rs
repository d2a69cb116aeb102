//! What Caddy has, what it should have, and the one write that makes the first into the second. Pure.

use std::collections::{BTreeMap, HashSet};

use octoporty_core::{host::HostPattern, id::MappingId};
use serde_json::{Map, Value, json};

use super::{
    api::{Write, WriteKind},
    arrange::arrange,
    route::{self, Streams},
    servers::{self, Home},
};
use crate::edge::{Applied, Desired, EdgeError};

/// The path of all server blocks, below `/config/`.
const SERVERS_PATH: &str = "apps/http/servers";

/// What the operator decided, and what Caddy can do.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Where Caddy finds the Gateway.
    pub(super) upstream: String,
    /// The server block of the routes, if not the one that serves HTTPS.
    pub(super) server: Option<String>,
    /// What this Caddy can do for streams.
    pub(super) streams: Streams,
}

/// What is to be done, and what that changes.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) write: Option<Write>,
    pub(super) applied: Applied,
}

/// Compares the configuration with what is desired.
///
/// # Errors
///
/// When the configuration does not have the form of one.
pub(super) fn plan(config: &Value, desired: &Desired, settings: &Settings) -> Result<Plan, EdgeError> {
    let none = Map::new();
    let servers = match config.pointer("/apps/http/servers") {
        None | Some(Value::Null) => &none,
        Some(Value::Object(servers)) => servers,
        Some(_) => return Err(not_understood("apps.http.servers is no object")),
    };
    let home = servers::home(config, servers, settings.server.as_deref());
    let ours = |id, domains| route::route(id, domains, &settings.upstream, settings.streams);
    let wanted: Wanted<'_> = desired.routes().map(|(id, domains)| (id, (domains, ours(id, domains)))).collect();
    let mut applied = Applied::default();
    let mut changed = BTreeMap::new();
    let mut elsewhere = HashSet::new();
    for (name, server) in servers.iter().filter(|(name, _)| **name != home.name) {
        let before = routes_of(name, server)?;
        let after = without_ours(before, desired, &wanted, &mut applied, &mut elsewhere);
        if after.len() != before.len() {
            changed.insert(name.as_str(), after);
        }
    }
    let before = servers.get(&home.name).map_or(Ok(&[][..]), |server| routes_of(&home.name, server))?;
    let (after, found) = arrange(before, wanted, desired.is_complete(), &settings.upstream);
    let moved = found.added.iter().filter(|id| elsewhere.contains(id)).count();
    applied.added = found.added.len() - moved;
    applied.changed = found.changed + moved;
    applied.removed += found.removed;
    applied.shadowed = found.shadowed;
    let is_needed = home.is_there || !after.is_empty();
    if is_needed && after != before {
        changed.insert(home.name.as_str(), after);
    }
    Ok(Plan { write: write(config, servers, &home, changed), applied })
}

/// Mappings that need a route, with their domains and that route.
pub(super) type Wanted<'a> = BTreeMap<MappingId, (&'a [HostPattern], Value)>;

fn not_understood(what: impl Into<String>) -> EdgeError {
    EdgeError::NotUnderstood { what: what.into() }
}

fn routes_of<'a>(name: &str, server: &'a Value) -> Result<&'a [Value], EdgeError> {
    match server.get("routes") {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(routes)) => Ok(routes),
        Some(_) => Err(not_understood(format!("the routes of server {name:.64} are no list"))),
    }
}

/// The routes of a block where ours do not belong.
fn without_ours(
    before: &[Value],
    desired: &Desired,
    wanted: &Wanted<'_>,
    applied: &mut Applied,
    elsewhere: &mut HashSet<MappingId>,
) -> Vec<Value> {
    let keep = |route: &&Value| match route::mapping_of(route) {
        Some(id) if wanted.contains_key(&id) => {
            elsewhere.insert(id);
            false
        }
        Some(_) if desired.is_complete() => {
            applied.removed += 1;
            false
        }
        // Of others, or its Agent may yet be back.
        None | Some(_) => true,
    };
    before.iter().filter(keep).cloned().collect()
}

/// The one write that brings the changed blocks about, so that no route is ever missing in between.
fn write(
    config: &Value,
    servers: &Map<String, Value>,
    home: &Home,
    changed: BTreeMap<&str, Vec<Value>>,
) -> Option<Write> {
    let has_only_plain_names = changed.keys().all(|name| is_plain(name));
    let mut changed = changed.into_iter();
    let (name, routes) = changed.next()?;
    let rest: Vec<_> = changed.collect();
    if rest.is_empty() && has_only_plain_names {
        let path = format!("{SERVERS_PATH}/{name}");
        let Some(server) = servers.get(name) else {
            return Some(Write { kind: WriteKind::Create, path, value: new_server(config, &routes) });
        };
        let kind = if server.get("routes").is_some() { WriteKind::Replace } else { WriteKind::Create };
        return Some(Write { kind, path: format!("{path}/routes"), value: Value::Array(routes) });
    }
    let mut all = servers.clone();
    for (name, routes) in std::iter::once((name, routes)).chain(rest) {
        match all.get_mut(name).and_then(Value::as_object_mut) {
            Some(server) => {
                server.insert("routes".to_owned(), Value::Array(routes));
            }
            None => {
                all.insert(name.to_owned(), new_server(config, &routes));
            }
        }
    }
    debug_assert!(all.contains_key(&home.name) || all.len() == servers.len(), "only the home is made");
    let kind = if config.pointer("/apps/http/servers").is_some() { WriteKind::Replace } else { WriteKind::Create };
    Some(Write { kind, path: SERVERS_PATH.to_owned(), value: Value::Object(all) })
}

fn new_server(config: &Value, routes: &[Value]) -> Value {
    json!({ "listen": [format!(":{}", servers::https_port(config))], "routes": routes })
}

/// Whether a name can stand in a path as it is.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::edge::Completeness;

    const UPSTREAM: &str = "127.0.0.1:17200";

    fn settings() -> Settings {
        Settings { upstream: UPSTREAM.to_owned(), server: None, streams: Streams::Kept }
    }

    fn desired(routes: &[(u128, &str)], completeness: Completeness) -> Desired {
        Desired::new(
            routes.iter().map(|(id, domain)| (MappingId::from_u128(*id), domain.parse().unwrap())),
            completeness,
        )
    }

    fn site(host: &str) -> Value {
        json!({ "match": [{ "host": [host] }], "handle": [{ "handler": "static_response" }], "terminal": true })
    }

    fn ours(id: u128, domain: &str) -> Value {
        route::route(MappingId::from_u128(id), &[domain.parse().unwrap()], UPSTREAM, Streams::Kept)
    }

    fn catch_all() -> Value {
        json!({ "handle": [{ "handler": "file_server" }] })
    }

    fn with_routes(routes: &Value) -> Value {
        json!({ "apps": { "http": { "servers": { "srv0": { "listen": [":443"], "routes": routes } } } } })
    }

    /// A name for each route: the id's last digit for ours, else the host or `*`.
    fn names(routes: &Value) -> Vec<String> {
        let name = |route: &Value| match route["@id"].as_str() {
            Some(id) => id[id.len() - 1..].to_owned(),
            None => route["match"][0]["host"][0].as_str().unwrap_or("*").to_owned(),
        };
        routes.as_array().unwrap().iter().map(name).collect()
    }

    /// Plans, checks that the plan is at rest once it was carried out, and gives it.
    fn settle(config: &Value, desired: &Desired) -> Plan {
        let plan = plan(config, desired, &settings()).unwrap();
        assert_eq!(plan.write.is_some(), plan.applied.is_change(), "{plan:?}");
        if let Some(write) = &plan.write {
            let mut config = config.clone();
            if config.is_null() {
                config = json!({});
            }
            carry_out(&mut config, write);
            let again = super::plan(&config, desired, &settings()).unwrap();
            assert_eq!(again.write, None, "{config}");
        }
        plan
    }

    fn carry_out(config: &mut Value, write: &Write) {
        let mut at = config;
        for part in write.path.split('/') {
            at = &mut at[part];
        }
        assert_eq!(at.is_null(), write.kind == WriteKind::Create, "{}", write.path);
        *at = write.value.clone();
    }

    #[test]
    fn routes_come_before_what_is_broader_and_behind_what_is_not() {
        let check = |before: &Value, wanted: &[(u128, &str)], expected: &[&str]| {
            let plan = settle(&with_routes(before), &desired(wanted, Completeness::Complete));
            let write = plan.write.unwrap();
            assert_eq!(write.path, "apps/http/servers/srv0/routes");
            assert_eq!(names(&write.value), expected);
        };
        check(&json!([]), &[(1, "b.test"), (2, "a.test"), (3, "*.a.test")], &["2", "1", "3"]);
        check(&json!([site("own.test"), catch_all()]), &[(1, "a.test")], &["own.test", "1", "*"]);
        check(
            &json!([site("x.w.test"), site("*.w.test"), catch_all()]),
            &[(1, "a.w.test"), (2, "*.w.test"), (3, "*.a.w.test")],
            &["x.w.test", "1", "*.w.test", "3", "2", "*"],
        );
        // Moved by somebody, or overtaken by a new site.
        check(&json!([catch_all(), ours(1, "a.test")]), &[(1, "a.test")], &["1", "*"]);
        check(&json!([ours(1, "*.w.test"), site("a.w.test")]), &[(1, "*.w.test")], &["a.w.test", "1"]);
        check(&json!([ours(1, "old.test"), catch_all()]), &[(1, "new.test")], &["1", "*"]);
    }

    #[test]
    fn what_stands_well_stays() {
        let before = json!([ours(3, "c.test"), site("x.test"), ours(1, "a.test"), ours(2, "*.w.test"), catch_all()]);
        let all = [(1, "a.test"), (2, "*.w.test"), (3, "c.test")];
        for completeness in [Completeness::Complete, Completeness::Partial] {
            let plan = settle(&with_routes(&before), &desired(&all, completeness));
            assert_eq!((plan.write, plan.applied), (None, Applied::default()));
        }
        // The Agents return one by one; what they claim is there already.
        let plan = settle(&with_routes(&before), &desired(&[(2, "*.w.test")], Completeness::Partial));
        assert_eq!(plan.write, None);
    }

    #[test]
    fn only_a_complete_picture_removes() {
        let config = with_routes(&json!([site("x.test"), ours(1, "a.test"), ours(2, "b.test"), catch_all()]));
        let plan = settle(&config, &desired(&[(2, "b.test")], Completeness::Complete));
        assert_eq!(names(&plan.write.unwrap().value), ["x.test", "2", "*"]);
        assert_eq!(plan.applied.removed, 1);
        let plan = settle(&config, &desired(&[(3, "c.test")], Completeness::Partial));
        assert_eq!(names(&plan.write.unwrap().value), ["x.test", "1", "2", "3", "*"]);
        assert_eq!((plan.applied.removed, plan.applied.added), (0, 1));
        let plan = settle(&config, &desired(&[], Completeness::Complete));
        assert_eq!(names(&plan.write.unwrap().value), ["x.test", "*"]);
    }

    #[test]
    fn routes_of_others_are_written_back_as_they_were() {
        let odd = json!({
            "@id": "octoporty-other", "group": "g", "match": [{ "host": ["x.test"], "path": ["/a"] }],
            "handle": [{ "handler": "unknown", "n": 1.5, "big": u64::MAX, "neg": i64::MIN, "text": "\u{0}é" }],
        });
        let config = with_routes(&json!([odd, catch_all()]));
        let write = settle(&config, &desired(&[(1, "a.test")], Completeness::Complete)).write.unwrap();
        assert_eq!((&write.value[0], &write.value[2]), (&odd, &catch_all()));
        let text: Value = serde_json::from_str(&write.value.to_string()).unwrap();
        assert_eq!(text[0], odd);
    }

    #[test]
    fn block_is_made_where_there_is_none() {
        let wanted = desired(&[(1, "a.test")], Completeness::Complete);
        for config in [json!(null), json!({ "admin": {} }), json!({ "apps": { "http": { "servers": null } } })] {
            let write = settle(&config, &wanted).write.unwrap();
            assert_eq!((write.kind, write.path.as_str()), (WriteKind::Create, "apps/http/servers/octoporty"));
            assert_eq!(
                (&write.value["listen"], names(&write.value["routes"])),
                (&json!([":443"]), vec!["1".to_owned()])
            );
        }
        let nothing = settle(&json!(null), &desired(&[], Completeness::Complete));
        assert_eq!(nothing.write, None);
        let config = json!({ "apps": { "http": { "servers": { "srv0": { "listen": [":443"] } } } } });
        let write = settle(&config, &wanted).write.unwrap();
        assert_eq!((write.kind, write.path.as_str()), (WriteKind::Create, "apps/http/servers/srv0/routes"));
        let mut config = config;
        config["apps"]["http"]["servers"]["srv0"]["routes"] = json!([]);
        assert_eq!(settle(&config, &wanted).write.unwrap().kind, WriteKind::Replace);
    }

    #[test]
    fn move_to_another_block_is_one_write() {
        let config = json!({ "apps": { "http": { "servers": {
            "old": { "listen": [":8080"], "routes": [site("x.test"), ours(1, "a.test"), ours(2, "gone.test")] },
            "srv0": { "listen": [":443"], "routes": [catch_all()], "logs": {} },
        } } } });
        let plan = settle(&config, &desired(&[(1, "a.test")], Completeness::Complete));
        let write = plan.write.unwrap();
        assert_eq!((write.kind, write.path.as_str()), (WriteKind::Replace, "apps/http/servers"));
        assert_eq!(names(&write.value["old"]["routes"]), ["x.test"]);
        assert_eq!(names(&write.value["srv0"]["routes"]), ["1", "*"]);
        assert_eq!((&write.value["srv0"]["logs"], &write.value["old"]["listen"]), (&json!({}), &json!([":8080"])));
        assert_eq!((plan.applied.added, plan.applied.changed, plan.applied.removed), (0, 1, 1));
    }

    #[test]
    fn odd_names_of_blocks_are_written_with_all_blocks() {
        let config = json!({ "apps": { "http": { "servers": { "a/b": { "listen": [":443"], "routes": [] } } } } });
        let write = settle(&config, &desired(&[(1, "a.test")], Completeness::Complete)).write.unwrap();
        assert_eq!(write.path, "apps/http/servers");
    }

    #[test]
    fn site_of_the_operator_for_the_same_domain_wins_and_is_told() {
        let config = with_routes(&json!([site("a.test")]));
        let wanted = desired(&[(1, "a.test"), (2, "b.test")], Completeness::Complete);
        let plan = settle(&config, &wanted);
        assert_eq!(names(&plan.write.unwrap().value), ["a.test", "1", "2"]);
        assert_eq!(plan.applied.shadowed, ["a.test".parse().unwrap()]);
        // One that leads to the Gateway is as good as ours.
        let mut config = config;
        let handler = json!({ "handler": "reverse_proxy", "upstreams": [{ "dial": UPSTREAM }] });
        config["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"] = json!([handler]);
        assert_eq!(settle(&config, &wanted).applied.shadowed, []);
    }

    #[test]
    fn ids_that_two_agents_use_share_a_route() {
        let wanted = desired(&[(1, "b.test"), (1, "*.w.test"), (1, "a.test")], Completeness::Complete);
        let write = settle(&with_routes(&json!([])), &wanted).write.unwrap();
        assert_eq!(write.value[0]["match"][0]["host"], json!(["a.test", "b.test", "*.w.test"]));
        assert_eq!(write.value.as_array().unwrap().len(), 1);
    }

    #[test]
    fn configuration_of_another_form_is_not_understood() {
        for config in [
            json!({ "apps": { "http": { "servers": [] } } }),
            with_routes(&json!({})),
            json!({ "apps": { "http": { "servers": { "other": { "routes": "x" } } } } }),
        ] {
            let error = plan(&config, &desired(&[], Completeness::Complete), &settings()).unwrap_err();
            assert_eq!(error.kind(), "not-understood", "{config}");
        }
    }
}
