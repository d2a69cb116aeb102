//! A mapping's way into its row and back.

use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};

use crate::convert::{duration_ms, from_ms, millis, time};
use crate::database::Fault;
use crate::entity::mapping::{ActiveModel, Column, Entity, Model};
use crate::{HeaderEdits, HostHeader, Mapping, MappingSettings, Protocol, Timeouts, UpstreamVersion};

/// Rows of one statement. Times their columns well below the 32,766 values that SQLite takes.
const ROWS_PER_STATEMENT: usize = 500;

/// All mappings, oldest first.
pub(crate) async fn load(connection: &impl ConnectionTrait) -> Result<Vec<Mapping>, Fault> {
    let rows =
        Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::ExternalDomain).all(connection).await?;
    rows.into_iter().map(from_row).collect()
}

/// Writes mappings, new ones and those that are there.
pub(crate) async fn write(connection: &impl ConnectionTrait, mappings: &[&Mapping]) -> Result<(), Fault> {
    for chunk in mappings.chunks(ROWS_PER_STATEMENT) {
        let rows = chunk.iter().map(|mapping| to_row(mapping)).collect::<Result<Vec<_>, _>>()?;
        let all = <Column as sea_orm::Iterable>::iter().filter(|column| !matches!(column, Column::Id));
        let replace = OnConflict::column(Column::Id).update_columns(all).to_owned();
        Entity::insert_many(rows)
            .on_conflict(replace)
            .exec_without_returning(connection)
            .await
            .map_err(|error| Fault::from(error).or_conflict("external_domain"))?;
    }
    Ok(())
}

fn to_row(mapping: &Mapping) -> Result<ActiveModel, Fault> {
    let settings = &mapping.settings;
    let (host_mode, host_value) = match &settings.host_header {
        HostHeader::Keep => ("keep", None),
        HostHeader::Upstream => ("upstream", None),
        HostHeader::Fixed(value) => ("fixed", Some(value.clone())),
    };
    let protocol = match settings.internal_protocol {
        Protocol::Http => "http",
        Protocol::Https => "https",
    };
    let version = match settings.upstream_version {
        UpstreamVersion::Auto => "auto",
        UpstreamVersion::Http1 => "http1",
        UpstreamVersion::H2c => "h2c",
    };
    let timeouts = settings.timeouts;
    Ok(ActiveModel {
        id: Set(mapping.id),
        name: Set(settings.name.clone()),
        external_domain: Set(settings.external_domain.clone()),
        internal_host: Set(settings.internal_host.clone()),
        internal_port: Set(settings.internal_port.into()),
        internal_protocol: Set(protocol.to_owned()),
        upstream_version: Set(version.to_owned()),
        allow_invalid_certificates: Set(settings.allow_invalid_certificates),
        pinned_certificate: Set(settings.pinned_certificate.map(Vec::from)),
        enabled: Set(settings.enabled),
        host_mode: Set(host_mode.to_owned()),
        host_value: Set(host_value),
        request_headers: Set(edits_to_text(&settings.request_headers)?),
        response_headers: Set(edits_to_text(&settings.response_headers)?),
        connect_ms: Set(timeouts.connect.map(duration_ms)),
        head_ms: Set(timeouts.head.map(duration_ms)),
        body_idle_ms: Set(timeouts.body_idle.map(duration_ms)),
        upgrade_idle_ms: Set(timeouts.upgrade_idle.map(duration_ms)),
        created_at: Set(millis(mapping.created_at)),
        updated_at: Set(millis(mapping.updated_at)),
    })
}

fn from_row(row: Model) -> Result<Mapping, Fault> {
    let odd = |what: &str, value: &str| Fault::damaged(format!("mapping {} has the {what} `{value}`", row.id));
    let settings = MappingSettings {
        internal_port: u16::try_from(row.internal_port)
            .map_err(|_too_large| odd("port", &row.internal_port.to_string()))?,
        internal_protocol: match row.internal_protocol.as_str() {
            "http" => Protocol::Http,
            "https" => Protocol::Https,
            other => return Err(odd("protocol", other)),
        },
        upstream_version: match row.upstream_version.as_str() {
            "auto" => UpstreamVersion::Auto,
            "http1" => UpstreamVersion::Http1,
            "h2c" => UpstreamVersion::H2c,
            other => return Err(odd("version", other)),
        },
        pinned_certificate: match row.pinned_certificate {
            None => None,
            Some(ref bytes) => {
                Some(bytes.as_slice().try_into().map_err(|_length| odd("certificate", "of another length"))?)
            }
        },
        host_header: match (row.host_mode.as_str(), &row.host_value) {
            ("keep", _) => HostHeader::Keep,
            ("upstream", _) => HostHeader::Upstream,
            ("fixed", Some(value)) => HostHeader::Fixed(value.clone()),
            (other, _) => return Err(odd("host mode", other)),
        },
        request_headers: edits_from_text(&row.request_headers)?,
        response_headers: edits_from_text(&row.response_headers)?,
        timeouts: Timeouts {
            connect: timeout(row.connect_ms),
            head: timeout(row.head_ms),
            body_idle: timeout(row.body_idle_ms),
            upgrade_idle: timeout(row.upgrade_idle_ms),
        },
        allow_invalid_certificates: row.allow_invalid_certificates,
        enabled: row.enabled,
        name: row.name,
        external_domain: row.external_domain,
        internal_host: row.internal_host,
    };
    Ok(Mapping { id: row.id, settings, created_at: time(row.created_at)?, updated_at: time(row.updated_at)? })
}

fn timeout(ms: Option<i64>) -> Option<Duration> {
    ms.map(from_ms)
}

fn edits_to_text(edits: &HeaderEdits) -> Result<String, Fault> {
    serde_json::to_string(edits).map_err(|error| Fault::known(crate::ProblemKind::Internal, error.to_string()))
}

fn edits_from_text(text: &str) -> Result<HeaderEdits, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::damaged(format!("header edits of a mapping: {error}")))
}
