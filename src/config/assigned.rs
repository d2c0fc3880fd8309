//! What SET cards assign: checked values by name and keyword, and the defaults behind them.
//!
//! A value set by name wins over one set with `*`, and that one over the default of
//! [`SETTINGS`](super::settings::SETTINGS), whatever the order of the cards.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::diagnostic::Report;
use super::field::{Field, Place};
use super::files::{self, Exposure};
use super::model::DefaultSetting;
use super::rules::AddressSet;
use super::settings::{Kind, SETTINGS, Scope, Secrecy, Setting, Value};
use super::statement::{Names, Owner, Set};
use crate::codepage::CodePage;
use crate::dataset::FileName;
use crate::message::catalogue::{
    FIELD_MISSING, FILE_EXPOSED, FILE_UNREADABLE, KEY_EXPOSED, KEYWORD_MISPLACED, KEYWORD_UNKNOWN,
    NAME_UNKNOWN, SETTING_AMBIGUOUS, SETTING_REPLACED, VALUE_INVALID,
};
use crate::message::diagnostic::quoted;

/// The name that stands for all.
const ALL: &str = "*";

/// How SET cards are checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    /// Directory that relative paths start at; None if the deck is not in one.
    pub base: Option<&'a Path>,
    /// Whether files must be readable.
    pub check_files: bool,
}

impl Context<'_> {
    /// A path as it is meant; None for a relative one if there is nothing that it starts at.
    fn absolute(&self, path: &Path) -> Option<PathBuf> {
        match self.base {
            Some(base) => Some(base.join(path)),
            None => path.is_absolute().then(|| path.to_owned()),
        }
    }
}

/// All values that SET cards assign.
#[derive(Debug, Default)]
pub(super) struct Assigned(HashMap<(Scope, &'static str), HashMap<String, Assignment>>);

/// One value and where it stands.
#[derive(Debug)]
struct Assignment {
    value: Value,
    /// As on the card; nothing of what a secret is read from.
    text: String,
    place: Place,
}

impl Assigned {
    /// Checks all SET cards.
    pub fn collect(sets: &[Set], names: &Names, context: Context<'_>, report: &mut Report) -> Self {
        let mut all = Self::default();
        for set in sets {
            let Some(scope) = scope_of(set, names, report) else {
                continue;
            };
            let rows = rows_of(set, scope, report);
            if set.value.is_blank() && !rows.is_empty() {
                report.add(&FIELD_MISSING, set.value.place(), "blanks", "a value");
                continue;
            }
            if rows.len() > 1 {
                let expected = "the name of a profile or filter, for it has a meaning of its own \
                                for each";
                report.add(&SETTING_AMBIGUOUS, set.keyword.place(), &quoted(ALL), expected);
            }
            for row in rows {
                all.assign(set, row, context, report);
            }
        }
        all
    }

    /// What holds without a SET card by name, for every row of the table.
    pub fn defaults(&self) -> Vec<DefaultSetting> {
        let default = |row: &'static Setting| {
            let set = self.0.get(&(row.scope, row.keyword)).and_then(|names| names.get(ALL));
            let value = set.map_or_else(|| row.default.to_owned(), |set| set.text.clone());
            DefaultSetting { scope: row.scope, keyword: row.keyword, value, is_set: set.is_some() }
        };
        SETTINGS.iter().map(default).collect()
    }

    /// The values of one listener, profile or filter; of the process, with any name.
    pub fn of<'a>(&'a self, scope: Scope, name: &'a str) -> Values<'a> {
        Values { assigned: self, scope, name }
    }

    fn assign(
        &mut self,
        set: &Set,
        row: &'static Setting,
        context: Context<'_>,
        report: &mut Report,
    ) {
        let parsed = row.parse(&set.value.text);
        let Some(mut value) = report.accept(&VALUE_INVALID, &set.value, parsed) else {
            return;
        };
        let secrecy = match row.kind {
            Kind::Files { secrecy, quotable, .. } => Some((secrecy, quotable)),
            _ => None,
        };
        for path in value.paths_mut() {
            let Some(joined) = context.absolute(path) else {
                let found = match secrecy {
                    Some((_, false)) => "a relative path".to_owned(),
                    _ => quoted(&path.to_string_lossy()),
                };
                let expected = "a path that begins with /, or a data set, for the deck is in no \
                                directory";
                report.add(&VALUE_INVALID, set.value.place(), &found, expected);
                return;
            };
            *path = joined;
        }
        if let (Value::Files(files), Some((secrecy, quotable)), true) =
            (&value, secrecy, context.check_files)
        {
            for file in files {
                check_file(file, secrecy, quotable, &set.value, report);
            }
        }
        let place = set.value.place();
        let names = self.0.entry((row.scope, row.keyword)).or_default();
        let text = match secrecy {
            Some((_, false)) => "(a file)".to_owned(),
            _ => set.value.text.clone(),
        };
        let assignment = Assignment { value, text, place };
        if let Some(earlier) = names.insert(set.name.text.clone(), assignment) {
            let expected =
                format!("one SET of {} only; card {} sets it again", row.keyword, place.card);
            report.add(&SETTING_REPLACED, earlier.place, "a value that does not hold", &expected);
        }
    }
}

/// What the name of a SET card stands for: `Process` for `*`; None if nothing is to be said or set.
fn scope_of(set: &Set, names: &Names, report: &mut Report) -> Option<Scope> {
    let name = &set.name;
    if name.is_blank() {
        report.add(&FIELD_MISSING, name.place(), "blanks", "a name, or * for all");
        return None;
    }
    match names.owner(&name.text) {
        _ if name.text == ALL => Some(Scope::Process),
        Some(Owner::Listener) => Some(Scope::Listener),
        Some(Owner::Profile) => Some(Scope::Profile),
        Some(Owner::Filter) => Some(Scope::Filter),
        Some(Owner::Unknown) => None,
        None => {
            let expected = "the name of a listener, profile or filter, or *";
            report.add(&NAME_UNKNOWN, name.place(), &quoted(&name.text), expected);
            None
        }
    }
}

/// The settings that a SET card sets: one by name, all of the keyword with `*`.
fn rows_of(set: &Set, scope: Scope, report: &mut Report) -> Vec<&'static Setting> {
    let keyword = &set.keyword;
    if keyword.is_blank() {
        report.add(&FIELD_MISSING, keyword.place(), "blanks", "a keyword");
        return Vec::new();
    }
    let mut rows: Vec<_> = Setting::rows(&keyword.text).collect();
    let all = set.name.text == ALL;
    let place = keyword.place();
    if rows.is_empty() {
        let known = SETTINGS.iter().filter(|row| all || row.scope == scope);
        let known: Vec<_> = known.map(|row| row.keyword).collect();
        let expected = format!("one of {}", known.join(", "));
        report.add(&KEYWORD_UNKNOWN, place, &quoted(&keyword.text), &expected);
    } else if !all {
        let owners: Vec<_> = rows.iter().map(|row| row.scope.to_string()).collect();
        rows.retain(|row| row.scope == scope);
        if rows.is_empty() {
            let found =
                format!("{}, which is a setting of {}", quoted(&keyword.text), owners.join(" or "));
            report.add(&KEYWORD_MISPLACED, place, &found, &format!("a setting of {scope}"));
        }
    }
    rows
}

fn check_file(
    file: &FileName,
    secrecy: Secrecy,
    quotable: bool,
    field: &Field,
    report: &mut Report,
) {
    let name = if quotable { quoted(&file.to_string()) } else { "a name".to_owned() };
    let exposure = match files::check(file) {
        Ok(exposure) => exposure.filter(|_| secrecy != Secrecy::Public),
        Err(error) => {
            let found = format!("{name} ({error})");
            report.add(&FILE_UNREADABLE, field.place(), &found, "a file that can be read");
            return;
        }
    };
    if let Some(Exposure { mode, own }) = exposure {
        let message = match secrecy {
            Secrecy::PrivateKey if own => &KEY_EXPOSED,
            _ => &FILE_EXPOSED,
        };
        let found = format!("{name} of a file with permissions {mode:04o}");
        report.add(message, field.place(), &found, "a file that only its owner can use");
    }
}

/// The values of one owner. Each accessor is for keywords whose row in the table has that form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    assigned: &'a Assigned,
    scope: Scope,
    name: &'a str,
}

impl Values<'_> {
    /// Where the value stands that was set for exactly this owner.
    pub fn own_place(&self, keyword: &'static str) -> Option<Place> {
        self.assignment(keyword, self.name).map(|assignment| assignment.place)
    }

    /// Where the value stands that holds; None for the default.
    pub fn place(&self, keyword: &'static str) -> Option<Place> {
        self.own_place(keyword)
            .or_else(|| self.assignment(keyword, ALL).map(|assignment| assignment.place))
    }

    /// A number or a size, bounded by the table.
    pub fn number<T: TryFrom<u64>>(&self, keyword: &'static str) -> T {
        let Value::Number(number) = self.value(keyword) else { mistaken(keyword) };
        T::try_from(number).unwrap_or_else(|_| mistaken(keyword))
    }

    pub fn time(&self, keyword: &'static str) -> Duration {
        let Value::Time(time) = self.value(keyword) else { mistaken(keyword) };
        time
    }

    /// A time of which zero means never.
    pub fn time_or_never(&self, keyword: &'static str) -> Option<Duration> {
        Some(self.time(keyword)).filter(|time| !time.is_zero())
    }

    pub fn word(&self, keyword: &'static str) -> &'static str {
        let Value::Word(word) = self.value(keyword) else { mistaken(keyword) };
        word
    }

    pub fn words(&self, keyword: &'static str) -> Vec<&'static str> {
        let Value::Words(words) = self.value(keyword) else { mistaken(keyword) };
        words
    }

    /// The EBCDIC page; None for ASCII.
    pub fn ebcdic_page(&self, keyword: &'static str) -> Option<CodePage> {
        let Value::CodePage(page) = self.value(keyword) else { mistaken(keyword) };
        Some(page).filter(|page| page.is_ebcdic())
    }

    pub fn addresses(&self, keyword: &'static str) -> AddressSet {
        let Value::Addresses(addresses) = self.value(keyword) else { mistaken(keyword) };
        addresses
    }

    pub fn address_set(&self, keyword: &'static str) -> Option<AddressSet> {
        match self.value(keyword) {
            Value::None => None,
            Value::Addresses(addresses) => Some(addresses),
            _ => mistaken(keyword),
        }
    }

    pub fn address(&self, keyword: &'static str) -> Option<IpAddr> {
        match self.value(keyword) {
            Value::None => None,
            Value::Address(address) => Some(address),
            _ => mistaken(keyword),
        }
    }

    pub fn text(&self, keyword: &'static str) -> Option<String> {
        match self.value(keyword) {
            Value::None => None,
            Value::Text(text) => Some(text),
            _ => mistaken(keyword),
        }
    }

    pub fn path(&self, keyword: &'static str) -> Option<PathBuf> {
        match self.value(keyword) {
            Value::None => None,
            Value::Path(path) => Some(path),
            _ => mistaken(keyword),
        }
    }

    pub fn files(&self, keyword: &'static str) -> Vec<FileName> {
        match self.value(keyword) {
            Value::None => Vec::new(),
            Value::Files(files) => files,
            _ => mistaken(keyword),
        }
    }

    fn value(&self, keyword: &'static str) -> Value {
        let own = self.assignment(keyword, self.name);
        match own.or_else(|| self.assignment(keyword, ALL)) {
            Some(assignment) => assignment.value.clone(),
            None => Setting::rows(keyword)
                .find(|row| row.scope == self.scope)
                .map_or_else(|| mistaken(keyword), Setting::default_value),
        }
    }

    fn assignment(&self, keyword: &'static str, name: &str) -> Option<&Assignment> {
        self.assigned.0.get(&(self.scope, keyword))?.get(name)
    }
}

/// A keyword was asked for in a form that its row does not have: a mistake in this program that
/// shows with any deck, since every deck asks for every keyword.
fn mistaken(keyword: &str) -> ! {
    unreachable!("the row of {keyword} in SETTINGS has another form")
}
