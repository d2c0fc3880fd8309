//! The prefix of relative names: what stands before NAME in `//NAME`.

use std::env;
use std::fs;

use super::name::DatasetName;

/// The environment variable that sets it; empty: no prefix.
pub const PREFIX_VARIABLE: &str = "ZOXY_PREFIX";

/// Where the prefix comes from.
#[derive(Debug, Clone, Default)]
pub enum Prefix {
    /// ZOXY_PREFIX, else the login name. Looked up when a relative name needs it.
    #[default]
    Environment,
    /// This one, or none.
    Fixed(Option<DatasetName>),
}

impl Prefix {
    /// This prefix, or none: a relative name is then a full one.
    pub fn of(name: Option<DatasetName>) -> Self {
        Self::Fixed(name)
    }

    /// The full form of what follows two slashes, apostrophes dropped; it may be a mask. The error
    /// says why there is no prefix.
    pub fn full(&self, text: &str) -> Result<String, String> {
        if let Some(quoted) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            return Ok(quoted.to_owned());
        }
        match self.name()? {
            Some(prefix) => Ok(format!("{prefix}.{text}")),
            None => Ok(text.to_owned()),
        }
    }

    /// The prefix; the error says why there is none to be had.
    pub(super) fn name(&self) -> Result<Option<DatasetName>, String> {
        match self {
            Self::Fixed(name) => Ok(name.clone()),
            Self::Environment => match env::var(PREFIX_VARIABLE) {
                Ok(text) if text.is_empty() => Ok(None),
                Ok(text) => named(&text, PREFIX_VARIABLE).map(Some),
                Err(env::VarError::NotUnicode(_)) => Err(format!("{PREFIX_VARIABLE} is no name")),
                Err(env::VarError::NotPresent) => {
                    let login = login_name().ok_or("the user has no login name")?;
                    named(&login, "the login name").map(Some)
                }
            },
        }
    }
}

fn named(text: &str, what: &str) -> Result<DatasetName, String> {
    DatasetName::parse(text).map_err(|error| format!("{what} {text}: {error}"))
}

/// The login name as login(1) and systemd tell it, else the one of /etc/passwd.
pub(crate) fn login_name() -> Option<String> {
    let told = ["LOGNAME", "USER"].iter().filter_map(|name| env::var(name).ok());
    told.into_iter().find(|name| !name.is_empty()).or_else(|| {
        let users = fs::read_to_string("/etc/passwd").ok()?;
        name_of(rustix::process::geteuid().as_raw(), &users).map(str::to_owned)
    })
}

/// The first user of passwd(5) with this number.
fn name_of(uid: u32, users: &str) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_their_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\n#x\n\nbroken\nbatch:x:1000:1000::/:/bin/sh\n";
        assert_eq!(name_of(0, users), Some("root"));
        assert_eq!(name_of(1000, users), Some("batch"));
        assert_eq!(name_of(7, users), None);
    }

    #[test]
    fn masks_have_a_full_form_too() {
        let prefix = Prefix::of(Some(DatasetName::parse("BATCH").unwrap()));
        assert_eq!(prefix.full("A.*(M*)").as_deref(), Ok("BATCH.A.*(M*)"));
        assert_eq!(prefix.full("'A.*(M*)'").as_deref(), Ok("A.*(M*)"));
        assert_eq!(Prefix::of(None).full("A.*").as_deref(), Ok("A.*"));
    }

    #[test]
    fn a_prefix_must_be_a_name() {
        assert_eq!(named("batch.test", "x").unwrap().as_str(), "BATCH.TEST");
        let error = named("_apt", "the login name").unwrap_err();
        assert_eq!(
            error,
            "the login name _apt: qualifier 1 '_apt' begins with '_'; expected a letter, $, # or @"
        );
    }
}
