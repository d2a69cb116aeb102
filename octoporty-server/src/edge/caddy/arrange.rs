//! Where our routes stand among those of others in one server block: before what is broader, behind what is not.
//!
//! Caddy takes the first route that matches. A site that the operator wrote for a domain wins over a mapping of it, or
//! whoever holds the Agent's key could take the operator's sites over; a catch-all does not, or no mapping would work
//! beside one.

use std::collections::BTreeMap;

use octoporty_core::{host::HostPattern, id::MappingId};
use serde_json::Value;

use super::{config::Wanted, coverage::Coverage, route};

/// What was found while arranging.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Ours that were not there.
    pub(super) added: Vec<MappingId>,
    /// Ours that differed, or stood at a wrong place.
    pub(super) changed: usize,
    /// Ours that nobody needs.
    pub(super) removed: usize,
    /// Domains that a route of others before ours answers.
    pub(super) shadowed: Vec<HostPattern>,
}

enum Entry<'a> {
    /// Of others, with what it answers; or one of ours that may yet be claimed, which is in nobody's way.
    Fixed(Value, Coverage),
    Own(Own<'a>),
}

/// One of ours.
struct Own<'a> {
    domains: &'a [HostPattern],
    route: Value,
    /// Whether Caddy has something else.
    differs: bool,
}

/// The routes of a block: ours that are `wanted` where nothing broader takes their requests, everything else as it is.
///
/// What stands well stays where it is, or each restart would make Caddy load its configuration anew.
pub(super) fn arrange(
    before: &[Value],
    mut wanted: Wanted<'_>,
    is_complete: bool,
    upstream: &str,
) -> (Vec<Value>, Found) {
    let mut found = Found::default();
    let mut entries = Vec::with_capacity(before.len() + wanted.len());
    for route in before {
        let Some(id) = route::mapping_of(route) else {
            entries.push(Entry::Fixed(route.clone(), Coverage::of(route)));
            continue;
        };
        match wanted.remove(&id) {
            Some((domains, ours)) => {
                let differs = ours != *route;
                entries.push(Entry::Own(Own { domains, route: ours, differs }));
            }
            None if is_complete => found.removed += 1,
            None => entries.push(Entry::Fixed(route.clone(), Coverage::Nothing)),
        }
    }
    let (mut entries, misplaced) = take_misplaced(entries);
    let differing = entries.iter().filter(|entry| matches!(entry, Entry::Own(own) if own.differs)).count();
    found.changed = differing + misplaced.len();
    found.added = wanted.keys().copied().collect();
    let missing = wanted.into_values().map(|(domains, route)| Own { domains, route, differs: true });
    insert(&mut entries, misplaced.into_iter().chain(missing).collect());
    found.shadowed = shadowed(&entries, upstream);
    let route = |entry| match entry {
        Entry::Fixed(route, _) | Entry::Own(Own { route, .. }) => route,
    };
    (entries.into_iter().map(route).collect(), found)
}

/// The routes of others that answer something, and where they stand.
fn answering(entries: &[Entry<'_>]) -> Vec<(usize, Coverage)> {
    let of = |(at, entry): (usize, &Entry<'_>)| match entry {
        Entry::Fixed(_, coverage) if *coverage != Coverage::Nothing => Some((at, coverage.clone())),
        Entry::Fixed(..) | Entry::Own(_) => None,
    };
    entries.iter().enumerate().filter_map(of).collect()
}

/// Where the first route stands that is broader than one of `domains`: ours must come before it.
fn latest_place(others: &[(usize, Coverage)], domains: &[HostPattern]) -> Option<usize> {
    let is_broader = |coverage: &Coverage| domains.iter().any(|domain| coverage.is_broader_than(domain));
    others.iter().find(|(_, coverage)| is_broader(coverage)).map(|(at, _)| *at)
}

/// Takes out those of ours that stand behind something broader, or before something that is meant for their domains.
fn take_misplaced(entries: Vec<Entry<'_>>) -> (Vec<Entry<'_>>, Vec<Own<'_>>) {
    let others = answering(&entries);
    let stands_well = |at: usize, domains: &[HostPattern]| {
        let latest = latest_place(&others, domains).unwrap_or(usize::MAX);
        let mut between = others.iter().filter(|(other, _)| (at..latest).contains(other));
        at < latest && !between.any(|(_, coverage)| domains.iter().any(|domain| coverage.is_within(domain)))
    };
    let mut misplaced = Vec::new();
    let mut kept = Vec::with_capacity(entries.len());
    for (at, entry) in entries.into_iter().enumerate() {
        match entry {
            Entry::Own(own) if !stands_well(at, own.domains) => misplaced.push(own),
            entry => kept.push(entry),
        }
    }
    (kept, misplaced)
}

/// Puts each of ours as late as may be, the exact names first.
fn insert<'a>(entries: &mut Vec<Entry<'a>>, mut ours: Vec<Own<'a>>) {
    ours.sort_by_cached_key(|own| own.domains.first().map(|d| (d.is_wildcard(), d.hostname().as_str().to_owned())));
    let others = answering(entries);
    let mut by_place: BTreeMap<usize, Vec<Entry<'a>>> = BTreeMap::new();
    for own in ours {
        let place = latest_place(&others, own.domains).unwrap_or(entries.len());
        by_place.entry(place).or_default().push(Entry::Own(own));
    }
    // From the end, so that the places before stay what they are.
    for (place, ours) in by_place.into_iter().rev() {
        entries.splice(place..place, ours);
    }
}

/// The domains that a site before them serves, unless it leads to the Gateway too.
fn shadowed(entries: &[Entry<'_>], upstream: &str) -> Vec<HostPattern> {
    let mut before: Vec<&Coverage> = Vec::new();
    let mut shadowed = Vec::new();
    for entry in entries {
        match entry {
            Entry::Fixed(route, coverage) => {
                if matches!(coverage, Coverage::Hosts(_)) && !dials(route, upstream) {
                    before.push(coverage);
                }
            }
            Entry::Own(own) => {
                let taken = |domain: &&HostPattern| before.iter().any(|coverage| coverage.is_same_as(domain));
                shadowed.extend(own.domains.iter().filter(taken).cloned());
            }
        }
    }
    shadowed
}

/// Whether some handler of `route` sends requests to `upstream`. Not deeper than JSON is parsed: 128 levels.
fn dials(route: &Value, upstream: &str) -> bool {
    match route {
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| (name == "dial" && value.as_str() == Some(upstream)) || dials(value, upstream)),
        Value::Array(values) => values.iter().any(|value| dials(value, upstream)),
        _ => false,
    }
}
