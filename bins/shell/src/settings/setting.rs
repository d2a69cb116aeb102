//! The description of one setting: its name, what it is for, what is allowed. Values live in `layers`.

use super::key;

/// One setting of a program. Values of settings come from [`Layers`](super::Layers).
///
/// Made with [`new`](Self::new) and the builder methods, all `const`, so that programs keep theirs in a table.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    name: &'static str,
    aliases: &'static [&'static str],
    about: &'static str,
    allowed: &'static str,
    default: Option<&'static str>,
    hint: Option<&'static str>,
    secret: bool,
    list: bool,
    may_be_empty: bool,
}

impl Setting {
    /// A setting with its environment name (`Gateway__ApiKey`), what it is for, and which values are allowed. Both
    /// texts are lower case and have no full stop, so that they fit into messages.
    #[must_use]
    pub const fn new(name: &'static str, about: &'static str, allowed: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            about,
            allowed,
            default: None,
            hint: None,
            secret: false,
            list: false,
            may_be_empty: false,
        }
    }

    /// Further names that work as well.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The value where no layer has one, in the form that a user would write.
    #[must_use]
    pub const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    /// A sentence part on how to get a good value, shown with each problem.
    #[must_use]
    pub const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Makes it a secret: masked wherever it is shown, never part of a message, refused as a flag, and readable from
    /// a file through `NAME__File`.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Makes it a list: `a,b` and `NAME__0`, `NAME__1` both work.
    #[must_use]
    pub const fn list(mut self) -> Self {
        self.list = true;
        self
    }

    /// Makes the empty text a value. Without this, empty means not set, because compose files hand on variables
    /// that nobody filled in.
    #[must_use]
    pub const fn may_be_empty(mut self) -> Self {
        self.may_be_empty = true;
        self
    }

    /// The environment name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it is for.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        self.about
    }

    /// Which values are allowed.
    #[must_use]
    pub const fn allowed(&self) -> &'static str {
        self.allowed
    }

    /// The built-in value, if there is one.
    #[must_use]
    pub const fn default_text(&self) -> Option<&'static str> {
        self.default
    }

    /// Whether its value is hidden.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        self.secret
    }

    /// Whether the empty text is a value.
    pub(super) const fn takes_empty(&self) -> bool {
        self.may_be_empty
    }

    /// What is allowed and how to get it: the second half of each message about this setting.
    pub(super) fn advice(&self) -> String {
        match self.hint {
            Some(hint) => format!("allowed: {}; {hint}", self.allowed),
            None => format!("allowed: {}", self.allowed),
        }
    }

    /// Every name that it goes by, the main one first.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// How a normalised key relates to this setting, if it does.
    pub(super) fn role(&self, path: &str) -> Option<Role> {
        self.names().find_map(|name| {
            let rest = path.strip_prefix(key::normalize(name).as_str())?;
            match rest {
                "" => Some(Role::Value),
                ".file" | "file" if self.secret => Some(Role::SecretFile),
                _ if self.list => rest.strip_prefix('.')?.parse().ok().map(Role::Element),
                _ => None,
            }
        })
    }
}

/// What a key of a layer is to a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `NAME`: the value.
    Value,
    /// `NAME__File`: the path of a file that holds the value.
    SecretFile,
    /// `NAME__3`: one element of a list.
    Element(u16),
}

/// What a program knows: its own sections and settings, and the sections that are another program's.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// First segments that this program reads and in which it refuses unknown keys.
    pub sections: &'static [&'static str],
    /// First segments that belong to the other program, and file tables that only it reads. Skipped, so that both can
    /// share one environment and one file.
    pub foreign: &'static [&'static str],
    /// File keys that hold an array of tables, handed over as they are.
    pub tables: &'static [&'static str],
    /// The settings, in the order in which they are shown.
    pub settings: &'static [&'static [Setting]],
    /// Variables with a name of their own, and the setting that each stands for.
    pub plain_variables: &'static [(&'static str, &'static str)],
}

impl Schema {
    /// All settings, in order.
    pub fn settings(&self) -> impl Iterator<Item = &'static Setting> {
        self.settings.iter().copied().flatten()
    }

    /// Looks a setting up by its main name or an alias, in any spelling.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Setting> {
        let path = key::normalize(name);
        self.settings().find(|setting| setting.role(&path) == Some(Role::Value))
    }

    pub(super) fn role(&self, path: &str) -> Option<(&'static Setting, Role)> {
        self.settings().find_map(|setting| Some((setting, setting.role(path)?)))
    }
}
