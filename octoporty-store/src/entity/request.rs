//! A row of the request log.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "request")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) seq: i64,
    pub(crate) request_id: Uuid,
    pub(crate) mapping_id: Option<Uuid>,
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) protocol: String,
    pub(crate) kind: i64,
    pub(crate) status: Option<i64>,
    pub(crate) status_class: i64,
    pub(crate) request_bytes: i64,
    pub(crate) response_bytes: i64,
    pub(crate) duration_us: i64,
    pub(crate) gateway_us: Option<i64>,
    pub(crate) tunnel_us: Option<i64>,
    pub(crate) connect_us: Option<i64>,
    pub(crate) wait_us: Option<i64>,
    pub(crate) answer_us: Option<i64>,
    pub(crate) visitor: String,
    pub(crate) user_agent: Option<String>,
    pub(crate) side: Option<i64>,
    pub(crate) cause: Option<String>,
    pub(crate) message: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
