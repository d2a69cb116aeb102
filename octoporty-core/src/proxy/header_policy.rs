//! What one mapping changes in the header fields of its requests and answers, beyond what every mapping does.

use http::{HeaderMap, HeaderName, HeaderValue, header::HOST};

use super::headers::is_framing_or_hop_by_hop;

/// Most fields that one mapping sets, and as many that it removes, in each direction: with the fields of the message
/// itself they must stay far from what upstreams take.
pub const HEADER_EDITS_MAX: usize = 32;

/// The `Host` that an upstream sees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HostHeader {
    /// The one that the visitor asked for.
    #[default]
    Keep,
    /// The upstream's own host and port.
    Upstream,
    /// Always this one.
    Fixed(HeaderValue),
}

/// A change that a mapping asks for and cannot have; whoever wrote the mapping must change it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderPolicyError {
    /// The field frames messages or concerns one connection only.
    #[error("the header {name} cannot be set or removed: it says how messages are framed, not what they mean")]
    Framing {
        /// The field.
        name: HeaderName,
    },
    /// The field is `Host`, which has a setting of its own.
    #[error("the header host cannot be set or removed like others: choose which host the upstream sees instead")]
    Host,
    /// More than [`HEADER_EDITS_MAX`] fields of one kind.
    #[error("more than {HEADER_EDITS_MAX} headers to set or remove in one direction")]
    TooMany,
}

/// Changes to the header fields of one mapping. The default changes nothing and keeps the visitor's `Host`.
///
/// Fields are first removed, then set; setting replaces every line of that name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeaderPolicy {
    host: HostHeader,
    request: Edits,
    response: Edits,
}

impl HeaderPolicy {
    /// A policy that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses the `Host` that the upstream sees. Default: [`HostHeader::Keep`].
    #[must_use]
    pub fn host(mut self, host: HostHeader) -> Self {
        self.host = host;
        self
    }

    /// Sets a field of every request.
    ///
    /// # Errors
    ///
    /// When the field may not be changed, or there are too many: see [`HeaderPolicyError`].
    pub fn set_request(mut self, name: HeaderName, value: HeaderValue) -> Result<Self, HeaderPolicyError> {
        self.request.set(name, value)?;
        Ok(self)
    }

    /// Removes a field from every request.
    ///
    /// # Errors
    ///
    /// As [`set_request`](Self::set_request).
    pub fn remove_request(mut self, name: HeaderName) -> Result<Self, HeaderPolicyError> {
        self.request.remove(name)?;
        Ok(self)
    }

    /// Sets a field of every answer.
    ///
    /// # Errors
    ///
    /// As [`set_request`](Self::set_request).
    pub fn set_response(mut self, name: HeaderName, value: HeaderValue) -> Result<Self, HeaderPolicyError> {
        self.response.set(name, value)?;
        Ok(self)
    }

    /// Removes a field from every answer.
    ///
    /// # Errors
    ///
    /// As [`set_request`](Self::set_request).
    pub fn remove_response(mut self, name: HeaderName) -> Result<Self, HeaderPolicyError> {
        self.response.remove(name)?;
        Ok(self)
    }

    /// Whether it changes nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Changes the fields of a request on its way to an upstream with this `host` or `host:port`.
    pub fn apply_request(&self, headers: &mut HeaderMap, upstream_authority: &HeaderValue) {
        match &self.host {
            HostHeader::Keep => None,
            HostHeader::Upstream => headers.insert(HOST, upstream_authority.clone()),
            HostHeader::Fixed(host) => headers.insert(HOST, host.clone()),
        };
        self.request.apply(headers);
    }

    /// Changes the fields of an answer on its way to the visitor.
    pub fn apply_response(&self, headers: &mut HeaderMap) {
        self.response.apply(headers);
    }
}

/// Changes in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Edits {
    removed: Vec<HeaderName>,
    set: Vec<(HeaderName, HeaderValue)>,
}

impl Edits {
    fn set(&mut self, name: HeaderName, value: HeaderValue) -> Result<(), HeaderPolicyError> {
        check(&name, self.set.len())?;
        self.set.push((name, value));
        Ok(())
    }

    fn remove(&mut self, name: HeaderName) -> Result<(), HeaderPolicyError> {
        check(&name, self.removed.len())?;
        self.removed.push(name);
        Ok(())
    }

    fn apply(&self, headers: &mut HeaderMap) {
        for name in &self.removed {
            headers.remove(name);
        }
        for (name, value) in &self.set {
            headers.insert(name, value.clone());
        }
    }
}

fn check(name: &HeaderName, count: usize) -> Result<(), HeaderPolicyError> {
    if name == HOST {
        return Err(HeaderPolicyError::Host);
    }
    if is_framing_or_hop_by_hop(name.as_str()) {
        return Err(HeaderPolicyError::Framing { name: name.clone() });
    }
    if count >= HEADER_EDITS_MAX {
        return Err(HeaderPolicyError::TooMany);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &'static str) -> HeaderName {
        HeaderName::from_static(text)
    }

    fn value(text: &'static str) -> HeaderValue {
        HeaderValue::from_static(text)
    }

    #[test]
    fn the_default_changes_nothing() {
        let mut headers = HeaderMap::from_iter([(HOST, value("a")), (name("x-one"), value("1"))]);
        let before = headers.clone();
        HeaderPolicy::new().apply_request(&mut headers, &value("upstream:80"));
        HeaderPolicy::new().apply_response(&mut headers);
        assert_eq!(headers, before);
    }

    #[test]
    fn the_upstream_sees_the_host_that_was_chosen() {
        let check = |host: HostHeader, expected: &str| {
            let mut headers = HeaderMap::from_iter([(HOST, value("visitor.example"))]);
            HeaderPolicy::new().host(host).apply_request(&mut headers, &value("upstream:80"));
            assert_eq!(headers[HOST], expected);
        };
        check(HostHeader::Keep, "visitor.example");
        check(HostHeader::Upstream, "upstream:80");
        check(HostHeader::Fixed(value("fixed.example")), "fixed.example");
    }

    #[test]
    fn fields_are_removed_then_set_each_in_its_direction() -> Result<(), HeaderPolicyError> {
        let policy = HeaderPolicy::new()
            .set_request(name("x-one"), value("new"))?
            .remove_request(name("x-one"))?
            .remove_request(name("x-two"))?
            .set_response(name("strict-transport-security"), value("max-age=1"))?
            .remove_response(name("server"))?;
        let mut headers = HeaderMap::new();
        for (field, text) in [("x-one", "old"), ("x-one", "older"), ("x-two", "2"), ("server", "s")] {
            headers.append(name(field), value(text));
        }
        policy.apply_request(&mut headers, &value("u"));
        assert_eq!(headers, HeaderMap::from_iter([(name("x-one"), value("new")), (name("server"), value("s"))]));
        policy.apply_response(&mut headers);
        assert_eq!(headers["strict-transport-security"], "max-age=1");
        assert!(!headers.contains_key("server"));
        Ok(())
    }

    // R12
    #[test]
    fn framing_cannot_be_changed() {
        for field in ["content-length", "transfer-encoding", "connection", "te", "upgrade", "keep-alive", "trailer"] {
            let error = HeaderPolicyError::Framing { name: name(field) };
            assert_eq!(HeaderPolicy::new().set_request(name(field), value("x")), Err(error.clone()));
            assert_eq!(HeaderPolicy::new().remove_request(name(field)), Err(error.clone()));
            assert_eq!(HeaderPolicy::new().set_response(name(field), value("x")), Err(error.clone()));
            assert_eq!(HeaderPolicy::new().remove_response(name(field)), Err(error.clone()));
            assert!(error.to_string().contains(field));
        }
        assert_eq!(HeaderPolicy::new().remove_request(HOST), Err(HeaderPolicyError::Host));
    }

    #[test]
    fn the_number_of_changes_is_bounded() {
        let mut policy = HeaderPolicy::new();
        for _ in 0..HEADER_EDITS_MAX {
            policy = policy.remove_response(name("server")).unwrap();
        }
        assert_eq!(policy.remove_response(name("server")), Err(HeaderPolicyError::TooMany));
    }
}
