//! A row of the mappings.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mapping")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) external_domain: String,
    pub(crate) internal_host: String,
    pub(crate) internal_port: i64,
    pub(crate) internal_protocol: String,
    pub(crate) upstream_version: String,
    pub(crate) allow_invalid_certificates: bool,
    pub(crate) pinned_certificate: Option<Vec<u8>>,
    pub(crate) enabled: bool,
    pub(crate) host_mode: String,
    pub(crate) host_value: Option<String>,
    pub(crate) request_headers: String,
    pub(crate) response_headers: String,
    pub(crate) connect_ms: Option<i64>,
    pub(crate) head_ms: Option<i64>,
    pub(crate) body_idle_ms: Option<i64>,
    pub(crate) upgrade_idle_ms: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
