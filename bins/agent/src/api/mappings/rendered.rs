//! The list of all mappings as it is sent, kept until one of them changes: with a thousand of them, writing it anew for
//! each request would be most of the work.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

use super::{listing::MappingList, view::MappingView};
use crate::{api::state::ApiState, catalogue::Catalogue};

/// Bytes below which compressing is not worth it: what fits into few packets as it is.
const PACKED_BYTES_MIN: usize = 4 * 1024;

/// The list as it was last sent.
#[derive(Debug, Default)]
pub(crate) struct RenderedList(Mutex<Option<Rendered>>);

/// The list of one moment. Clones share the bytes.
#[derive(Debug, Clone)]
struct Rendered {
    version: u64,
    plain: Bytes,
    /// The same in gzip, where that is worth it.
    packed: Option<Bytes>,
}

impl RenderedList {
    /// The list now. Who comes while it is written waits and takes the same.
    fn now(&self, catalogue: &Catalogue) -> Option<Rendered> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rendered) = kept.as_ref().filter(|rendered| rendered.version == catalogue.version()) {
            return Some(rendered.clone());
        }
        let (version, all) = catalogue.list();
        let total = all.len();
        let list = MappingList { mappings: all.into_iter().map(MappingView::of).collect(), total };
        let plain = Bytes::from(serde_json::to_vec(&list).ok()?);
        let packed = if plain.len() < PACKED_BYTES_MIN { None } else { gzip(&plain) };
        let rendered = Rendered { version, plain, packed };
        *kept = Some(rendered.clone());
        Some(rendered)
    }
}

/// All mappings, in gzip for who takes it.
pub(super) fn all(state: &ApiState, headers: &HeaderMap) -> Option<Response> {
    let Rendered { plain, packed, .. } = state.rendered_list.now(&state.catalogue)?;
    let packed = packed.filter(|_| takes_gzip(headers));
    let encoding = packed.is_some().then(|| HeaderValue::from_static("gzip"));
    let mut response = Body::from(packed.unwrap_or(plain)).into_response();
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        fields.insert(header::CONTENT_ENCODING, encoding);
    }
    Some(response)
}

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Whether a client takes gzip (RFC 9110 §12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|choice| {
        let (coding, weight) = choice.split_once(';').unwrap_or((choice, ""));
        let is_refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
        matches!(coding.trim().to_ascii_lowercase().as_str(), "gzip" | "x-gzip") && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_who_asks_for_it() {
        for (field, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("identity", false),
            ("notgzip", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(field))]);
            assert_eq!(takes_gzip(&headers), expected, "{field}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
