//! What the web build left in `web/dist`; nothing, where it never ran.

use rust_embed::RustEmbed;

/// The files. A program that was built without Node has none, and says so in the browser.
#[derive(Debug, RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
pub(super) struct Dashboard;
