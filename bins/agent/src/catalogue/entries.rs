//! One mapping, wherever it comes from, with what can be served of it.

use std::{collections::HashMap, sync::Arc};

use anyhow::Context;
use octoporty_store::MappingSettings;
use uuid::Uuid;

use crate::{clock::Timestamp, mapping::MappingConfig, wiring};

/// A mapping.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// What was chosen, who it is and since when.
    pub(crate) mapping: Arc<octoporty_store::Mapping>,
    /// It comes from the configuration, where it must be changed.
    pub(crate) read_only: bool,
    /// What is served, or why it cannot be.
    pub(super) built: Result<octoporty_client::Mapping, String>,
}

impl Entry {
    pub(super) fn stored(mapping: Arc<octoporty_store::Mapping>) -> Self {
        let built = wiring::build(mapping.id, &mapping.settings).map_err(|error| {
            tracing::warn!(mapping = %mapping.id, error = format!("{error:#}"), "a stored mapping cannot be served");
            format!("it cannot be served: {error:#}")
        });
        Self { mapping, read_only: false, built }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.mapping.id
    }

    pub(crate) fn settings(&self) -> &MappingSettings {
        &self.mapping.settings
    }

    /// What is served of it: nothing if it is off.
    pub(super) fn served(&self) -> Option<&octoporty_client::Mapping> {
        self.built.as_ref().ok().filter(|_| self.mapping.settings.enabled)
    }
}

/// The mappings of the configuration, which stay as they are while the program runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fixed {
    entries: Vec<Entry>,
    /// Where each is: there may be as many as one Agent can have, and each look at them all looks for each.
    by_id: HashMap<Uuid, usize>,
    by_domain: HashMap<String, usize>,
}

impl Fixed {
    /// Builds them.
    pub(crate) fn build(configs: &[MappingConfig]) -> anyhow::Result<Self> {
        let now = Timestamp::now().utc();
        let entry = |config| {
            let settings = wiring::settings(config);
            let id = wiring::id_of(&settings.external_domain);
            let built = wiring::build(id, &settings).with_context(|| format!("mapping {}", config.domain))?;
            let mapping = octoporty_store::Mapping { id, settings, created_at: now, updated_at: now };
            Ok(Entry { mapping: Arc::new(mapping), read_only: true, built: Ok(built) })
        };
        let entries = configs.iter().map(entry).collect::<anyhow::Result<Vec<_>>>()?;
        let by_id = entries.iter().enumerate().map(|(at, entry)| (entry.id(), at)).collect();
        let domains = entries.iter().enumerate();
        let by_domain = domains.map(|(at, entry)| (entry.settings().external_domain.clone(), at)).collect();
        Ok(Self { entries, by_id, by_domain })
    }

    /// All of them, in the order of the configuration.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// What is served of them.
    pub(crate) fn served(&self) -> Vec<octoporty_client::Mapping> {
        self.iter().filter_map(|entry| entry.served().cloned()).collect()
    }

    /// The one with exactly this domain.
    pub(crate) fn find(&self, domain: &str) -> Option<&Entry> {
        self.entries.get(*self.by_domain.get(domain)?)
    }

    pub(super) fn get(&self, id: Uuid) -> Option<&Entry> {
        self.entries.get(*self.by_id.get(&id)?)
    }
}
