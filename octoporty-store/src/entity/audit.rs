//! A row of the audit.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) at: i64,
    pub(crate) address: Option<String>,
    pub(crate) session_id: Option<Uuid>,
    pub(crate) user_agent: Option<String>,
    pub(crate) action: String,
    pub(crate) subject: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) fields: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
