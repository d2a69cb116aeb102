//! The way that visitors take: to the Gateway's own address, under the name that was asked for. Not by DNS, which
//! `GET /dns` is for.

use std::{net::IpAddr, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Uri, header};
use octoporty_client::upstream::{AddressPolicy, Scheme, UpstreamClient, UpstreamTarget};

use super::{
    ask::{TimedResolver, ask},
    side::{SideError, SideView, Timing},
};
use crate::api::state::ApiState;

/// How long connecting to the Gateway may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the head of an answer may take: a little more than the Gateway waits for its services.
const HEAD_TIMEOUT: Duration = Duration::from_secs(65);

/// Asks the Gateway.
pub(super) async fn gateway_path(state: &ApiState, host: &str, path: &str, limit: usize) -> SideView {
    let failed = |message: &str| {
        let error = SideError { side: "gateway", cause: "not-reachable", message: message.to_owned() };
        SideView::failed(error, Timing::default())
    };
    let Some((scheme, gateway, port)) = gateway(&state.config.gateway_url) else {
        return failed("the Gateway's address cannot be read");
    };
    let target = UpstreamTarget::builder(scheme, host, port).connect_timeout(CONNECT_TIMEOUT);
    let Ok(target) = target.head_timeout(Some(HEAD_TIMEOUT)).build() else {
        return failed("this host cannot be asked for");
    };
    let resolver = Arc::new(TimedResolver::instead(gateway));
    // The Gateway is where the configuration says, wherever that is.
    let client = UpstreamClient::builder(state.tasks.clone(), state.stop.clone())
        .policy(AddressPolicy::new(Vec::new()))
        .resolver(Arc::<TimedResolver>::clone(&resolver))
        .tls(state.agent.upstream_tls())
        .build();
    let mut fields = HeaderMap::new();
    fields.insert(header::USER_AGENT, HeaderValue::from_static("octoporty-inspector"));
    fields.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    if let Ok(host) = HeaderValue::from_str(host) {
        fields.insert(header::HOST, host);
    }
    let mut side = ask(&client, &resolver, &target, path, fields, limit).await;
    if let Some(error) = &mut side.error {
        error.side = "gateway";
    }
    side
}

/// Where the Gateway listens to visitors: on the port that Agents dial, which serves both.
fn gateway(url: &str) -> Option<(Scheme, String, u16)> {
    let uri = url.parse::<Uri>().ok()?;
    let (scheme, port) = match uri.scheme_str()? {
        "wss" => (Scheme::Https, 443),
        "ws" => (Scheme::Http, 80),
        _ => return None,
    };
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let host = host.parse::<IpAddr>().map_or_else(|_name| host.to_owned(), |address| address.to_string());
    Some((scheme, host, uri.port_u16().unwrap_or(port)))
}
