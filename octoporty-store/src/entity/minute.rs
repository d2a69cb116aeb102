//! What happened in a minute, in all or for a mapping.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "minute")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) scope: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) minute: i64,
    pub(crate) requests: i64,
    pub(crate) failed_service: i64,
    pub(crate) failed_tunnel: i64,
    pub(crate) failed_gateway: i64,
    pub(crate) failed_visitor: i64,
    pub(crate) durations: Vec<u8>,
    pub(crate) bytes_to_visitors: i64,
    pub(crate) bytes_from_visitors: i64,
    pub(crate) observed_ms: i64,
    pub(crate) tunnel_up_ms: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
