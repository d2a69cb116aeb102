//! The landing page that is shown: the Gateway's own, or the one that an Agent's user wrote last.

mod shown;
mod stored;

pub(crate) use shown::Landing;

#[cfg(test)]
mod tests;
