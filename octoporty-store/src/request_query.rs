//! Pages of the request log. What leads (time, mapping, class of status, side) is found through an index, in the order
//! of time; what is left is looked at row by row, and only for so many rows.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::database::{Database, Fault};
use crate::entity::request;
use crate::limits::{PAGE_ROWS_MAX, SCAN_ROWS_MAX};
use crate::request_row::{NO_CLASS, from_row, side_to_number};
use crate::sequence;
use crate::{Cursor, RequestFilter, RequestPage, StatusFilter};

/// Columns that a text is looked for in.
const TEXT_COLUMNS: [&str; 7] = ["host", "path", "query", "visitor", "user_agent", "cause", "message"];

pub(crate) async fn page(
    logs: &Database,
    filter: &RequestFilter,
    cursor: Option<Cursor>,
    limit: u32,
) -> Result<RequestPage, Fault> {
    let limit = limit.clamp(1, PAGE_ROWS_MAX);
    let readers = logs.readers()?;
    let plan = Plan::new(filter, cursor);
    let rows = request::Model::find_by_statement(plan.rows(limit)).all(&readers).await?;
    let full = u32::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
    let next = match rows.last() {
        Some(last) if full => Some(Cursor(last.seq)),
        _ if plan.rest.is_empty() => None,
        _ => plan.end_of_scan(&readers).await?,
    };
    let requests = rows.into_iter().map(from_row).collect::<Result<_, _>>()?;
    Ok(RequestPage { requests, next })
}

/// Parts of a `WHERE`, and their values.
#[derive(Debug, Default)]
struct Conditions {
    sql: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, sql: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.sql.push(sql.into());
        self.values.extend(values);
    }

    fn is_empty(&self) -> bool {
        self.sql.is_empty()
    }

    fn joined(&self) -> String {
        self.sql.join(" AND ")
    }
}

/// How a page is found.
#[derive(Debug)]
struct Plan {
    /// Which index leads, in SQLite's words.
    index: &'static str,
    /// What it finds.
    lead: Conditions,
    /// What is then looked at row by row.
    rest: Conditions,
}

impl Plan {
    fn new(filter: &RequestFilter, cursor: Option<Cursor>) -> Self {
        let mut plan = Self { index: "NOT INDEXED", lead: Conditions::default(), rest: Conditions::default() };
        // The narrowest lead first: an id is one row, failures are few, and so are the rows of one mapping.
        if let Some(id) = filter.text.as_deref().and_then(request_id) {
            plan.lead("INDEXED BY request_by_id", "request_id = ?", [id.into()]);
        } else if let Some(text) = &filter.text {
            plan.look_for(text);
        }
        if let Some(side) = filter.side {
            plan.lead("INDEXED BY request_by_side", "side = ?", [side_to_number(side).into()]);
        }
        if let Some(status) = filter.status {
            plan.with_status(status, filter.mapping);
        } else if let Some(mapping) = filter.mapping {
            plan.with_mapping(mapping);
        }
        if let Some(method) = &filter.method {
            plan.rest.add("method = ?", [method.as_str().into()]);
        }
        let until = filter.to.map(sequence::first);
        if let Some(before) = cursor.map(|cursor| cursor.0).into_iter().chain(until).min() {
            plan.lead.add("seq < ?", [before.into()]);
        }
        if let Some(from) = filter.from {
            plan.lead.add("seq >= ?", [sequence::first(from).into()]);
        }
        plan
    }

    /// Lets an index lead, unless one does already.
    fn lead(&mut self, index: &'static str, sql: &str, values: impl IntoIterator<Item = Value>) {
        if self.index == "NOT INDEXED" {
            self.index = index;
            self.lead.add(sql, values);
        } else {
            self.rest.add(sql, values);
        }
    }

    fn with_mapping(&mut self, mapping: Uuid) {
        self.lead("INDEXED BY request_by_mapping", "mapping_id = ?", [mapping.into()]);
    }

    fn with_status(&mut self, status: StatusFilter, mapping: Option<Uuid>) {
        let class = match status {
            StatusFilter::Class(class) => i64::from(class),
            StatusFilter::Exactly(status) => i64::from(status / 100),
            StatusFilter::None => NO_CLASS,
        };
        // The indexes leave out class 2, which nearly all are of.
        let of_class = "status_class <> 2 AND status_class = ?";
        match mapping {
            None if class == 2 => self.rest.add("status_class = 2", []),
            None => self.lead("INDEXED BY request_by_class", of_class, [class.into()]),
            Some(mapping) if class == 2 => {
                self.with_mapping(mapping);
                self.rest.add("status_class = 2", []);
            }
            Some(mapping) => {
                let both = format!("mapping_id = ? AND {of_class}");
                self.lead("INDEXED BY request_by_mapping_and_class", &both, [mapping.into(), class.into()]);
            }
        }
        if let StatusFilter::Exactly(status) = status {
            self.rest.add("status = ?", [i64::from(status).into()]);
        }
    }

    fn look_for(&mut self, text: &str) {
        let mut pattern = String::with_capacity(text.len() + 2);
        pattern.push('%');
        for character in text.chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('%');
        let any: Vec<_> = TEXT_COLUMNS.iter().map(|column| format!(r"{column} LIKE ? ESCAPE '\'")).collect();
        self.rest.add(format!("({})", any.join(" OR ")), TEXT_COLUMNS.map(|_| pattern.as_str().into()));
    }

    /// The rows that lead, newest first. A text of this program's alone: all that comes from outside is a value.
    fn leading(&self, columns: &str) -> String {
        let condition = if self.lead.is_empty() { "1".to_owned() } else { self.lead.joined() };
        format!("SELECT {columns} FROM request {} WHERE {condition} ORDER BY seq DESC LIMIT ?", self.index)
    }

    fn rows(&self, limit: u32) -> Statement {
        if self.rest.is_empty() {
            let values = self.lead.values.iter().cloned().chain([limit.into()]);
            return Statement::from_sql_and_values(DbBackend::Sqlite, self.leading("*"), values);
        }
        let sql = format!("SELECT * FROM ({}) WHERE {} LIMIT ?", self.leading("*"), self.rest.joined());
        let values = self.lead.values.iter().cloned().chain([SCAN_ROWS_MAX.into()]);
        let values = values.chain(self.rest.values.iter().cloned()).chain([limit.into()]);
        Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
    }

    /// Where a scan ended that looked at all the rows it may; `None` if there were not so many.
    async fn end_of_scan(&self, readers: &DatabaseConnection) -> Result<Option<Cursor>, Fault> {
        let sql = format!("SELECT min(seq), count(*) FROM ({})", self.leading("seq"));
        let values = self.lead.values.iter().cloned().chain([SCAN_ROWS_MAX.into()]);
        let row = readers.query_one_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
        let Some(row) = row else { return Ok(None) };
        let last: Option<i64> = row.try_get_by_index(0)?;
        let count: i64 = row.try_get_by_index(1)?;
        Ok(last.filter(|_| count >= i64::from(SCAN_ROWS_MAX)).map(Cursor))
    }
}

/// A text that is a request id as visitors are told it, 32 hex digits, or with hyphens.
fn request_id(text: &str) -> Option<Uuid> {
    if text.len() < 32 { None } else { Uuid::try_parse(text.trim()).ok() }
}
