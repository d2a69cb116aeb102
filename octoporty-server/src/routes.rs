//! Which route a host belongs to. Built whole, asked often, replaced whole; who owns a domain is decided elsewhere.

use std::{collections::HashMap, fmt};

use octoporty_core::host::{HostPattern, Hostname};

/// The live routes by host: the exact name wins, then the wildcard with the longest suffix.
///
/// The hash maps are keyed with secrets of this process, so visitors cannot choose hosts that collide.
/// Changes are made by building another table and swapping it in; a lookup sees one table or the other.
#[derive(Clone)]
pub struct RouteTable<R> {
    exact: HashMap<Hostname, R>,
    wildcards: HashMap<Hostname, R>,
    /// Length in bytes of the shortest and of the longest wildcard suffix: other parts of a host need no look.
    suffix_bytes: Option<(usize, usize)>,
}

impl<R> RouteTable<R> {
    /// A table without routes.
    #[must_use]
    pub fn new() -> Self {
        Self { exact: HashMap::new(), wildcards: HashMap::new(), suffix_bytes: None }
    }

    /// The route of a host in normal form (R09). Does not allocate.
    ///
    /// Costs one hash, and one more for each part of the host where a wildcard's suffix may begin.
    #[must_use]
    pub fn lookup(&self, host: &str) -> Option<&R> {
        self.exact.get(host).or_else(|| self.lookup_wildcard(host))
    }

    fn lookup_wildcard(&self, host: &str) -> Option<&R> {
        let (shortest, longest) = self.suffix_bytes?;
        let mut rest = host;
        // Suffixes come longest first, so the first hit is the most specific.
        while let Some((label, suffix)) = rest.split_once('.') {
            if label.is_empty() || suffix.len() < shortest {
                return None;
            }
            if suffix.len() <= longest
                && let Some(route) = self.wildcards.get(suffix)
            {
                return Some(route);
            }
            rest = suffix;
        }
        None
    }

    /// The route of exactly this pattern, whatever else would match.
    #[must_use]
    pub fn get(&self, pattern: &HostPattern) -> Option<&R> {
        match pattern {
            HostPattern::Exact(host) => self.exact.get(host),
            HostPattern::Wildcard(suffix) => self.wildcards.get(suffix),
        }
    }

    /// How many routes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.exact.len() + self.wildcards.len()
    }

    /// Whether there is no route.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.wildcards.is_empty()
    }
}

impl<R> Default for RouteTable<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> Extend<(HostPattern, R)> for RouteTable<R> {
    /// Adds routes; of two with the same pattern the later stays.
    fn extend<I: IntoIterator<Item = (HostPattern, R)>>(&mut self, routes: I) {
        for (pattern, route) in routes {
            match pattern {
                HostPattern::Exact(host) => self.exact.insert(host, route),
                HostPattern::Wildcard(suffix) => {
                    let bytes = suffix.as_str().len();
                    let (shortest, longest) = self.suffix_bytes.unwrap_or((bytes, bytes));
                    self.suffix_bytes = Some((shortest.min(bytes), longest.max(bytes)));
                    self.wildcards.insert(suffix, route)
                }
            };
        }
    }
}

impl<R> FromIterator<(HostPattern, R)> for RouteTable<R> {
    fn from_iter<I: IntoIterator<Item = (HostPattern, R)>>(routes: I) -> Self {
        let mut table = Self::new();
        table.extend(routes);
        table
    }
}

impl<R> fmt::Debug for RouteTable<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteTable")
            .field("exact", &self.exact.len())
            .field("wildcards", &self.wildcards.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table<'a>(patterns: &[&'a str]) -> RouteTable<&'a str> {
        patterns.iter().map(|text| (text.parse().unwrap(), *text)).collect()
    }

    #[test]
    fn the_exact_name_wins_then_the_longest_suffix() {
        let table = table(&["a.example.com", "*.example.com", "*.b.example.com", "*.com", "example.org"]);
        let check = |host: &str, expected: Option<&str>| {
            assert_eq!(table.lookup(host).copied(), expected, "{host}");
        };
        check("a.example.com", Some("a.example.com"));
        check("x.example.com", Some("*.example.com"));
        check("x.y.example.com", Some("*.example.com"));
        check("x.a.example.com", Some("*.example.com"));
        check("b.example.com", Some("*.example.com"));
        check("x.b.example.com", Some("*.b.example.com"));
        check("example.com", Some("*.com"));
        check("example.org", Some("example.org"));
        check("x.example.org", None);
        check("com", None);
        check("", None);
        check(".", None);
        check(".example.com", None);
        check("127.0.0.1", None);
        check("[::1]", None);
    }

    #[test]
    fn an_empty_table_knows_no_host() {
        let table = RouteTable::<()>::new();
        assert!(table.is_empty());
        assert_eq!(table.lookup("a.example.com"), None);
    }

    #[test]
    fn the_later_of_two_routes_of_one_pattern_stays() {
        let pattern: HostPattern = "*.example.com".parse().unwrap();
        let table = RouteTable::from_iter([(pattern.clone(), 1), (pattern.clone(), 2)]);
        assert_eq!((table.len(), table.lookup("a.example.com"), table.get(&pattern)), (1, Some(&2), Some(&2)));
    }

    #[test]
    fn a_hundred_thousand_routes_are_all_found() {
        let routes = (0..100_000_u32).map(|n| {
            let text = if n % 10 == 0 { format!("*.w{n}.example") } else { format!("h{n}.example") };
            (text.parse().unwrap(), n)
        });
        let table: RouteTable<u32> = routes.collect();
        assert_eq!(table.len(), 100_000);
        for n in (0..100_000_u32).step_by(91) {
            let host = if n % 10 == 0 { format!("x.y.w{n}.example") } else { format!("h{n}.example") };
            assert_eq!(table.lookup(&host), Some(&n));
        }
    }

    /// The rule itself: the exact pattern, else the matching wildcard with the longest suffix.
    fn naive(patterns: &[HostPattern], host: &str) -> Option<usize> {
        let position = |wanted: &HostPattern| patterns.iter().rposition(|pattern| pattern == wanted);
        let exact = patterns.iter().find(|pattern| !pattern.is_wildcard() && pattern.matches(host));
        let wildcard = || {
            let matching = patterns.iter().filter(|pattern| pattern.is_wildcard() && pattern.matches(host));
            matching.max_by_key(|pattern| pattern.hostname().as_str().len())
        };
        exact.or_else(wildcard).and_then(position)
    }

    fn name() -> impl Strategy<Value = String> {
        proptest::collection::vec("[ab]{1,2}", 1..6).prop_map(|labels| labels.join("."))
    }

    proptest! {
        // R09
        #[test]
        fn lookup_agrees_with_the_rule(
            patterns in proptest::collection::vec((any::<bool>(), name()), 0..40),
            hosts in proptest::collection::vec(name(), 1..40),
        ) {
            let patterns: Vec<HostPattern> = patterns
                .into_iter()
                .map(|(wild, name)| if wild { format!("*.{name}") } else { name })
                .map(|text| text.parse().unwrap())
                .collect();
            let table: RouteTable<usize> = patterns.iter().cloned().zip(0..).collect();
            for host in hosts {
                prop_assert_eq!(table.lookup(&host).copied(), naive(&patterns, &host), "{}", host);
            }
        }
    }
}
