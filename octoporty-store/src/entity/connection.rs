//! A row of the connection log.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connection")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) seq: i64,
    pub(crate) id: Uuid,
    pub(crate) attempted_at: i64,
    pub(crate) connected_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) duration_ms: i64,
    pub(crate) outcome: i64,
    pub(crate) code: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) lanes: i64,
    pub(crate) bytes_in: i64,
    pub(crate) bytes_out: i64,
    pub(crate) requests: i64,
    pub(crate) gateway_version: Option<String>,
    pub(crate) gateway_address: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
