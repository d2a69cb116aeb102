//! Statistics a minute, added up as exchanges end. Time is an argument.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use chrono::{DateTime, Local, NaiveDate, TimeDelta, TimeZone, Utc};
use octoporty_store::MinuteRecord;
use uuid::Uuid;

use super::ExchangeRecord;

/// Points of a sparkline.
pub(crate) const SPARK_POINTS: usize = 24;

/// Seconds of one of them: all together are an hour.
const SPARK_SECONDS: i64 = 150;

/// Minutes that wait to be saved while the database cannot be written. Older ones are lost to the statistics.
const UNSAVED_MINUTES_MAX: usize = 61;

/// One minute's records, of all together (`None`) and of each mapping.
type Minute = HashMap<Option<Uuid>, MinuteRecord>;

/// What is counted, and not saved yet.
#[derive(Debug)]
pub(super) struct Rollup {
    start: DateTime<Utc>,
    current: Minute,
    /// Oldest first.
    unsaved: VecDeque<Minute>,
    day: Day,
    sparks: HashMap<Uuid, Spark>,
}

/// What passed since midnight here, where the Agent is.
#[derive(Debug)]
struct Day {
    date: NaiveDate,
    mappings: HashMap<Uuid, MinuteRecord>,
}

/// Requests in each of the last 24 stretches of time.
#[derive(Debug, Clone, Copy)]
struct Spark {
    /// The stretch that the last count is of.
    last: i64,
    counts: [u64; SPARK_POINTS],
}

/// What passed since midnight.
#[derive(Debug, Clone)]
pub(crate) struct Totals {
    pub(crate) since: DateTime<Utc>,
    /// Busiest first, with the requests of the last hour.
    pub(crate) mappings: Vec<(Uuid, MinuteRecord, [u64; SPARK_POINTS])>,
}

impl Rollup {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        let day = Day { date: now.with_timezone(&Local).date_naive(), mappings: HashMap::new() };
        Self { start: minute_of(now), current: Minute::new(), unsaved: VecDeque::new(), day, sparks: HashMap::new() }
    }

    /// Counts an exchange into the minute that it ended in.
    pub(super) fn add(&mut self, record: &ExchangeRecord, now: DateTime<Utc>) {
        self.turn(now);
        let mut one = MinuteRecord::new(self.start, record.mapping);
        one.requests = 1;
        one.durations.record(record.duration);
        one.bytes_to_visitors = record.response_bytes;
        one.bytes_from_visitors = record.request_bytes;
        if let Some(failure) = &record.failure {
            one.failures.count(failure.side);
        }
        self.of(None).merge(&one);
        if let Some(mapping) = record.mapping {
            self.of(Some(mapping)).merge(&one);
            let start = self.start;
            let total = self.day.mappings.entry(mapping);
            total.or_insert_with(|| MinuteRecord::new(start, Some(mapping))).merge(&one);
            self.sparks.entry(mapping).or_insert_with(|| Spark::new(now)).add(now);
        }
    }

    /// Says that the program ran for so long, and for how much of it the tunnel was up.
    pub(super) fn observe(&mut self, ran: Duration, up: Duration, now: DateTime<Utc>) {
        self.turn(now);
        let all = self.of(None);
        all.observed = all.observed.saturating_add(ran).min(MINUTE);
        all.tunnel_up = all.tunnel_up.saturating_add(up).min(MINUTE);
    }

    fn of(&mut self, mapping: Option<Uuid>) -> &mut MinuteRecord {
        let start = self.start;
        self.current.entry(mapping).or_insert_with(|| MinuteRecord::new(start, mapping))
    }

    /// Begins a new minute, and a new day, when it is time.
    fn turn(&mut self, now: DateTime<Utc>) {
        let minute = minute_of(now);
        if minute != self.start {
            let done = std::mem::take(&mut self.current);
            if !done.is_empty() {
                self.unsaved.push_back(done);
            }
            if self.unsaved.len() > UNSAVED_MINUTES_MAX {
                self.unsaved.pop_front();
            }
            self.start = minute;
            self.sparks.retain(|_, spark| !spark.is_over(now));
        }
        let date = now.with_timezone(&Local).date_naive();
        if date != self.day.date {
            self.day = Day { date, mappings: HashMap::new() };
        }
    }

    /// The finished minutes, to be saved, all their records in one.
    pub(super) fn take_finished(&mut self, now: DateTime<Utc>) -> Vec<MinuteRecord> {
        self.turn(now);
        self.unsaved.drain(..).flat_map(HashMap::into_values).collect()
    }

    /// All minutes, the present one too: for the end of the program.
    pub(super) fn take_all(&mut self) -> Vec<MinuteRecord> {
        let current = std::mem::take(&mut self.current);
        self.unsaved.drain(..).chain([current]).flat_map(HashMap::into_values).collect()
    }

    /// Puts back what could not be saved.
    pub(super) fn put_back(&mut self, records: Vec<MinuteRecord>) {
        let mut minutes: HashMap<DateTime<Utc>, Minute> = HashMap::new();
        for record in records {
            minutes.entry(record.minute).or_default().insert(record.mapping, record);
        }
        let mut minutes: Vec<_> = minutes.into_iter().collect();
        minutes.sort_by_key(|(start, _)| *start);
        for (_, minute) in minutes.into_iter().rev() {
            if self.unsaved.len() < UNSAVED_MINUTES_MAX {
                self.unsaved.push_front(minute);
            }
        }
    }

    /// Adds what was saved since midnight before this program started.
    pub(super) fn add_totals(&mut self, records: Vec<MinuteRecord>, now: DateTime<Utc>) {
        self.turn(now);
        for record in records {
            if let Some(mapping) = record.mapping {
                self.day.mappings.entry(mapping).and_modify(|known| known.merge(&record)).or_insert(record);
            }
        }
    }

    pub(super) fn unsaved(&self, mapping: Option<Uuid>) -> Vec<MinuteRecord> {
        self.unsaved.iter().chain([&self.current]).filter_map(|minute| minute.get(&mapping).cloned()).collect()
    }

    /// The present minute of all together.
    pub(super) fn present(&self) -> MinuteRecord {
        self.current.get(&None).cloned().unwrap_or_else(|| MinuteRecord::new(self.start, None))
    }

    pub(super) fn totals(&mut self, now: DateTime<Utc>) -> Totals {
        self.turn(now);
        let spark = |id: &Uuid| self.sparks.get(id).map_or([0; SPARK_POINTS], |spark| spark.points(now));
        let mut mappings: Vec<_> =
            self.day.mappings.iter().map(|(id, record)| (*id, record.clone(), spark(id))).collect();
        mappings.sort_by(|a, b| b.1.requests.cmp(&a.1.requests).then(a.0.cmp(&b.0)));
        Totals { since: midnight(now), mappings }
    }
}

impl Spark {
    fn new(now: DateTime<Utc>) -> Self {
        Self { last: stretch_of(now), counts: [0; SPARK_POINTS] }
    }

    fn add(&mut self, now: DateTime<Utc>) {
        *self = Self { last: stretch_of(now).max(self.last), counts: self.points(now) };
        self.counts[SPARK_POINTS - 1] += 1;
    }

    /// The counts up to now, oldest first.
    fn points(&self, now: DateTime<Utc>) -> [u64; SPARK_POINTS] {
        let passed = usize::try_from(stretch_of(now) - self.last).unwrap_or(0);
        std::array::from_fn(|at| self.counts.get(at + passed).copied().unwrap_or(0))
    }

    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.points(now).iter().all(|count| *count == 0)
    }
}

const MINUTE: Duration = Duration::from_secs(60);

fn stretch_of(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(SPARK_SECONDS)
}

/// The start of a minute.
pub(super) fn minute_of(now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = now.timestamp().div_euclid(60) * 60;
    DateTime::from_timestamp(seconds, 0).unwrap_or(now)
}

/// The last midnight here.
pub(super) fn midnight(now: DateTime<Utc>) -> DateTime<Utc> {
    let local = now.with_timezone(&Local);
    let naive = local.date_naive().and_time(chrono::NaiveTime::MIN);
    // Where clocks go forward at midnight, the day begins an hour later.
    let begin = Local.from_local_datetime(&naive).earliest();
    let begin = begin.or_else(|| Local.from_local_datetime(&(naive + TimeDelta::hours(1))).earliest());
    begin.map_or(now, |begin| begin.with_timezone(&Utc))
}
