//! `GET /dns`: whether a public name leads to the Gateway.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use axum::{Json, extract::State};
use http::Uri;
use octoporty_core::host::HostPattern;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    error::{Answer, Problem},
    query::Parameters,
    state::ApiState,
};

/// How long a name may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Addresses that are shown.
const ADDRESSES_MAX: usize = 16;

/// Stands for any name below a wildcard.
const ANY_LABEL: &str = "octoporty-dns-check";

/// Which name.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DnsQuery {
    /// A name, or `*.example.com`.
    #[param(example = "app.example.com", min_length = 1, max_length = 255)]
    name: String,
}

/// Where a name leads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DnsResult {
    name: String,
    outcome: DnsOutcome,
    addresses: Vec<String>,
    gateway_addresses: Vec<String>,
    message: String,
}

/// `elsewhere`: to other addresses than the Gateway's. `none`: to none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum DnsOutcome {
    Gateway,
    Elsewhere,
    None,
    Failed,
}

/// Whether a public name leads to the Gateway, as this machine sees it.
#[utoipa::path(get, path = "/dns", tag = "mappings", operation_id = "check_dns", params(DnsQuery),
    responses((status = 200, body = DnsResult)))]
pub(crate) async fn dns(
    State(state): State<ApiState>,
    Parameters(query): Parameters<DnsQuery>,
) -> Answer<Json<DnsResult>> {
    let pattern = HostPattern::parse(query.name.trim()).map_err(|error| Problem::field("name", error.to_string()))?;
    let name = pattern.to_string();
    let asked = match &pattern {
        HostPattern::Exact(host) => host.as_str().to_owned(),
        HostPattern::Wildcard(suffix) => format!("{ANY_LABEL}.{suffix}"),
    };
    let gateway = state.config.gateway_url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    let (found, gateways) = tokio::join!(lookup(&asked), lookup(gateway.as_deref().unwrap_or_default()));
    let (outcome, message) = judge(&name, &found, &gateways);
    let show = |addresses: Result<BTreeSet<IpAddr>, ()>| {
        addresses.unwrap_or_default().iter().take(ADDRESSES_MAX).map(ToString::to_string).collect()
    };
    Ok(Json(DnsResult { name, outcome, addresses: show(found), gateway_addresses: show(gateways), message }))
}

type Addresses = Result<BTreeSet<IpAddr>, ()>;

fn judge(name: &str, found: &Addresses, gateway: &Addresses) -> (DnsOutcome, String) {
    match (found, gateway) {
        (Err(()), _) => (DnsOutcome::Failed, format!("The name servers did not answer for {name}.")),
        (Ok(found), _) if found.is_empty() => {
            (DnsOutcome::None, format!("{name} has no address yet. Make a DNS record that leads to the Gateway."))
        }
        (Ok(_), Err(())) => (DnsOutcome::Failed, "The Gateway's own addresses could not be looked up.".to_owned()),
        (Ok(found), Ok(gateway)) if found.is_disjoint(gateway) => {
            let message =
                format!("{name} leads to other addresses than the Gateway's. A proxy in front may be the reason.");
            (DnsOutcome::Elsewhere, message)
        }
        (Ok(_), Ok(_)) => (DnsOutcome::Gateway, format!("{name} leads to the Gateway.")),
    }
}

/// The addresses of a name: none if it has none, an error if nobody could tell.
async fn lookup(host: &str) -> Addresses {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match tokio::time::timeout(TIMEOUT, tokio::net::lookup_host((host, 0))).await {
        Ok(Ok(addresses)) => Ok(addresses.map(|address| address.ip().to_canonical()).collect()),
        // The system says no more than that it did not find it.
        Ok(Err(_not_found)) => Ok(BTreeSet::new()),
        Err(_elapsed) => Err(()),
    }
}
