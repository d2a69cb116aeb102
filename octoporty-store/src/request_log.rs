//! The request log: taken without waiting, written in batches, read by pages.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::entity::{request, request_headers};
use crate::request_row::{from_row, headers_from_row};
use crate::{RequestRecord, Side, Store, StoreError, request_query};

/// Which answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusFilter {
    /// Of this class: 2 for 200 to 299, and so on.
    Class(u8),
    /// With exactly this status.
    Exactly(u16),
    /// Those that there was none of.
    None,
}

/// Which requests. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RequestFilter {
    /// To this mapping.
    pub mapping: Option<Uuid>,
    /// With this method.
    pub method: Option<String>,
    /// With such a status.
    pub status: Option<StatusFilter>,
    /// That failed at this side.
    pub side: Option<Side>,
    /// With this text in host, path, query, visitor's address, agent or failure, in any case of ASCII letters; or with
    /// this request id.
    pub text: Option<String>,
    /// That began then or later.
    pub from: Option<DateTime<Utc>>,
    /// That began before.
    pub to: Option<DateTime<Utc>>,
}

/// Where a page starts. Opaque: write it with `Display`, read it with `FromStr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor(pub(crate) i64);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = i64::from_str_radix(text, 16).ok().filter(|_| digits);
        number.map(Self).ok_or(InvalidCursor)
    }
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no cursor")]
pub struct InvalidCursor;

/// Some requests, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPage {
    /// The requests, without headers. There may be fewer than asked for, even none, with more to come: a search
    /// looks at [`SCAN_ROWS_MAX`](crate::limits::SCAN_ROWS_MAX) rows a page.
    pub requests: Vec<RequestRecord>,
    /// Where the next page starts; `None` if all were seen.
    pub next: Option<Cursor>,
}

/// The request log of a store.
#[derive(Debug, Clone, Copy)]
pub struct RequestLog<'a>(pub(crate) &'a Store);

impl RequestLog<'_> {
    /// Hands a request over to be written within about a second. Never waits: with a full queue, or no database to
    /// write to for long, it is skipped and counted.
    pub fn offer(&self, record: RequestRecord) {
        self.0.0.requests.offer(record);
    }

    /// Whether [`Self::offer`] would take one now. Saves making a record in vain; one not made should be told by
    /// [`Self::skip`].
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.0.0.requests.has_room()
    }

    /// Counts a request as skipped.
    pub fn skip(&self) {
        self.0.0.requests.skip();
    }

    /// Requests that were skipped since the store was opened.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.0.0.requests.skipped()
    }

    /// Waits until all that was offered before is written or given up.
    ///
    /// # Errors
    ///
    /// What ails the database, if that is why rows are still not written.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.0.0.requests.flush().await
    }

    /// Requests that pass a filter, newest first by when they began; [`PAGE_ROWS_MAX`](crate::limits::PAGE_ROWS_MAX) at most.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn page(
        &self,
        filter: &RequestFilter,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<RequestPage, StoreError> {
        self.0.read_logs(request_query::page(&self.0.0.logs, filter, cursor, limit)).await
    }

    /// The request with this id, with its headers if they are still kept.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn get(&self, id: Uuid) -> Result<Option<RequestRecord>, StoreError> {
        let read = async {
            let readers = self.0.0.logs.readers()?;
            let row = request::Entity::find().filter(request::Column::RequestId.eq(id)).one(&readers).await?;
            let Some(row) = row else { return Ok(None) };
            let headers = request_headers::Entity::find_by_id(row.seq).one(&readers).await?;
            let headers = headers.as_ref().map(headers_from_row).transpose()?;
            Ok(Some(RequestRecord { headers, ..from_row(row)? }))
        };
        self.0.read_logs(read).await
    }
}
