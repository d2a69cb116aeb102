//! Rotation of refresh tokens: what an old one is worth (R43).

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use crate::convert::{millis, time};
use crate::database::{Fault, Writer};
use crate::entity::{refresh_token, session};
use crate::inner::Inner;
use crate::limits::{ROTATION_GRACE, SESSION_IDLE, TOKENS_LIVE_MAX};
use crate::sessions::change;
use crate::{Actor, Rotation, TokenHash, audit, live_sessions};

/// Who shows a token.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) address: String,
    pub(crate) user_agent: Option<String>,
}

/// What becomes of a token that is known.
enum Verdict {
    /// It was not used before: all others of its session get old with it.
    First,
    /// It was used a moment ago. The answer of then may be lost or not, so both new tokens live until one is used.
    Race,
    /// It is too late.
    Reuse,
}

pub(crate) async fn rotate(inner: &Inner, old: TokenHash, new: TokenHash, client: Client) -> Result<Rotation, Fault> {
    let writer = inner.writer().await?;
    let now = inner.clock().now();
    let Some(token) = refresh_token::Entity::find_by_id(old.0.to_vec()).one(writer.transaction()).await? else {
        return Ok(Rotation::Unknown);
    };
    if inner.memory.sessions.get(token.session_id, now).is_none() {
        return Ok(Rotation::Unknown);
    }
    match judge(&writer, &token, now).await? {
        Verdict::Reuse => return end(inner, writer, token.session_id, client, now).await,
        Verdict::Race => {}
        Verdict::First => {
            refresh_token::Entity::update_many()
                .col_expr(refresh_token::Column::SupersededAt, Expr::value(millis(now)))
                .filter(refresh_token::Column::SessionId.eq(token.session_id))
                .filter(refresh_token::Column::SupersededAt.is_null())
                .exec(writer.transaction())
                .await?;
        }
    }
    issue(writer.transaction(), token.session_id, &new, now).await?;
    forget_old(&writer, token.session_id, now).await?;
    let used = session::ActiveModel {
        id: Set(token.session_id),
        last_used_at: Set(millis(now)),
        address: Set(client.address),
        user_agent: Set(client.user_agent),
        ..session::ActiveModel::default()
    };
    let row = session::Entity::update(used).exec(writer.transaction()).await?;
    let session = live_sessions::from_row(row)?;
    let _turn = writer.commit().await?;
    inner.memory.sessions.put(session.clone());
    Ok(Rotation::Rotated(session))
}

async fn judge(writer: &Writer, token: &refresh_token::Model, now: DateTime<Utc>) -> Result<Verdict, Fault> {
    let Some(superseded_at) = token.superseded_at else { return Ok(Verdict::First) };
    let grace = TimeDelta::from_std(ROTATION_GRACE).unwrap_or_default();
    if now - time(superseded_at)? > grace {
        return Ok(Verdict::Reuse);
    }
    let live = refresh_token::Entity::find()
        .filter(refresh_token::Column::SessionId.eq(token.session_id))
        .filter(refresh_token::Column::SupersededAt.is_null())
        .count(writer.transaction())
        .await?;
    Ok(if live < TOKENS_LIVE_MAX { Verdict::Race } else { Verdict::Reuse })
}

/// Ends the session of a token that someone else may have.
async fn end(inner: &Inner, writer: Writer, id: Uuid, client: Client, now: DateTime<Utc>) -> Result<Rotation, Fault> {
    inner.memory.sessions.kill([id]);
    session::Entity::delete_by_id(id).exec(writer.transaction()).await?;
    let actor = Actor { address: Some(client.address), session: Some(id), user_agent: client.user_agent };
    audit::write(writer.transaction(), &actor, now, change("token-reused", Some(id))).await?;
    let _turn = writer.commit().await?;
    inner.memory.sessions.bury([id]);
    Ok(Rotation::Reused { session: id })
}

/// Writes a new token.
pub(crate) async fn issue(
    connection: &impl ConnectionTrait,
    session: Uuid,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let row = refresh_token::ActiveModel {
        hash: Set(token.0.to_vec()),
        session_id: Set(session),
        issued_at: Set(millis(now)),
        superseded_at: Set(None),
    };
    refresh_token::Entity::insert(row)
        .exec_without_returning(connection)
        .await
        .map_err(|error| Fault::from(error).or_conflict("token"))?;
    Ok(())
}

/// A token that got old longer ago than a session may idle is as good as never known.
async fn forget_old(writer: &Writer, session: Uuid, now: DateTime<Utc>) -> Result<(), Fault> {
    refresh_token::Entity::delete_many()
        .filter(refresh_token::Column::SessionId.eq(session))
        .filter(refresh_token::Column::SupersededAt.lt(millis(now - SESSION_IDLE)))
        .exec(writer.transaction())
        .await?;
    Ok(())
}
