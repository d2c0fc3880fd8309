//! Which of the 22 EBCDIC pages a text is in.
//!
//! The pages agree in 200 bytes, among them all letters and digits of English. What the other 56
//! stand for is weighed by what stands beside them: a letter belongs into a word and has the case
//! of its neighbours, a bracket does not mind, a brace within a word is none.

use std::fmt::{self, Display};

use super::super::{CodePage, LF, NL, NewLine};
use super::language::Language;

/// The page a text is probably in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageGuess {
    /// The page to read it in.
    pub page: CodePage,
    /// Why this one.
    pub basis: Basis,
    /// The other pages that read it in the same way, by number.
    pub alike: Vec<CodePage>,
}

/// On what a guess rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Nothing in the text depends on the page.
    Same,
    /// The characters that depend on the page make most sense in this one.
    Told,
    /// They make as much sense in a page that has other characters for them; this one is assumed.
    Assumed,
}

impl Display for PageGuess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ", self.page)?;
        match self.basis {
            Basis::Same => return f.write_str("assumed: every EBCDIC page reads it alike"),
            Basis::Told => f.write_str("told by its characters")?,
            Basis::Assumed => f.write_str("assumed: others that read it otherwise fit as well")?,
        }
        match &self.alike[..] {
            [] => Ok(()),
            pages => {
                f.write_str("; read alike by")?;
                pages.iter().try_for_each(|page| write!(f, " {page}"))
            }
        }
    }
}

/// Points by which a page must be ahead of all that read the text otherwise.
const AHEAD: i32 = 2;

/// Guesses the page of EBCDIC text.
pub(super) fn guess(sample: &[u8]) -> PageGuess {
    let language = Language::of(sample);
    let places = places(sample);
    let candidates = CodePage::EBCDIC.map(|page| Candidate::new(page, &places, language));
    let mut best = &candidates[0];
    for candidate in &candidates {
        if candidate.total() > best.total() {
            best = candidate;
        }
    }
    let (alike, other): (Vec<&Candidate>, Vec<_>) =
        candidates.iter().partition(|candidate| candidate.reads == best.reads);
    let basis = match other.iter().map(|candidate| candidate.points).max() {
        None => Basis::Same,
        Some(points) if best.points >= points + AHEAD => Basis::Told,
        Some(_) => Basis::Assumed,
    };
    let pages = alike.iter().map(|candidate| candidate.page);
    PageGuess { page: best.page, basis, alike: pages.filter(|page| *page != best.page).collect() }
}

/// A page, held against a text.
struct Candidate {
    page: CodePage,
    /// How much sense the text makes in it.
    points: i32,
    /// What the bytes that depend on the page, and stand in the text, are in it.
    reads: Vec<char>,
}

impl Candidate {
    fn new(page: CodePage, places: &[Place], language: Option<&Language>) -> Self {
        // Each page but UTF-8 has a character for every byte.
        let read = |byte| page.character(byte, NewLine::Nl).unwrap_or_default();
        let is_own = language.is_some_and(|language| language.has(page));
        let mut seen = [false; 256];
        let mut points = 0;
        let (mut opening, mut closing) = (0, 0);
        for Place { before, byte, after } in places {
            seen[usize::from(*byte)] = true;
            let c = read(*byte);
            let fit = fit(read(*before), c, read(*after));
            points += fit + i32::from(is_own && fit > 0 && is_letter(c));
            opening += i32::from(c == '[');
            closing += i32::from(c == ']');
        }
        // Brackets stand almost anywhere, but in pairs.
        points += 4 * opening.min(closing) - (opening - closing).abs();
        let reads = (0..=u8::MAX).filter(|byte| seen[usize::from(*byte)]).map(read).collect();
        Self { page, points, reads }
    }

    /// Its points, and what it has ahead where nothing else decides: z/OS UNIX, then the USA, then
    /// the international page; a page without the euro before one with it.
    fn total(&self) -> i32 {
        let ahead = match self.page {
            CodePage::Ibm1047 => 4,
            CodePage::Ibm037 => 3,
            CodePage::Ibm500 | CodePage::Ibm1140 => 2,
            CodePage::Ibm1148 => 1,
            page if page.ccsid() > 1140 => 0,
            _ => 1,
        };
        self.points + ahead
    }
}

/// A byte that depends on the page, and its neighbours; a line end where there is none.
struct Place {
    before: u8,
    byte: u8,
    after: u8,
}

fn places(sample: &[u8]) -> Vec<Place> {
    let depends = depends_on_page();
    let mut places = Vec::new();
    for (index, byte) in sample.iter().copied().enumerate() {
        if !depends[usize::from(byte)] {
            continue;
        }
        let before = index.checked_sub(1).map_or(NL, |index| sample[index]);
        let after = sample.get(index + 1).copied().unwrap_or(NL);
        // Beside other controls it is a number or a part of a descriptor word.
        if is_text(before) && is_text(after) {
            places.push(Place { before, byte, after });
        }
    }
    places
}

/// For each byte whether not all pages have the same character for it.
fn depends_on_page() -> [bool; 256] {
    let mut depends = [false; 256];
    for (byte, depends) in (0..=u8::MAX).zip(&mut depends) {
        let mut characters =
            CodePage::EBCDIC.map(|page| page.character(byte, NewLine::Nl)).into_iter();
        let first = characters.next();
        *depends = characters.any(|c| Some(c) != first);
    }
    depends
}

fn is_text(byte: u8) -> bool {
    byte >= 0x40 || matches!(byte, NL | LF | 0x05 | 0x0d)
}

/// How well a character stands between two others, in points; those of one page are compared with
/// those of another.
fn fit(before: char, c: char, after: char) -> i32 {
    let is_in_word = is_letter(before) && is_letter(after);
    let is_near_digit = before.is_ascii_digit() || after.is_ascii_digit();
    match c {
        _ if is_letter(c) => fit_of_letter(before, c, after),
        // In names of data sets and users, and in addresses.
        '@' | '#' | '$' => 1,
        '[' | ']' => 0,
        '\\' => 1,
        '|' | '!' if is_in_word => -2,
        // OR, and the operators || and !=.
        '|' if before == '|' || after == '|' || (before, after) == (' ', ' ') => 2,
        '!' if after == '=' => 2,
        // The end of a sentence.
        '!' if before.is_alphanumeric() && !after.is_alphanumeric() => 2,
        '|' | '!' => 0,
        '{' | '}' if !is_in_word => 1,
        '^' | '~' | '`' if !is_in_word => 0,
        '¬' if after == '=' => 2,
        '¬' if !is_in_word => 0,
        '€' | '£' | '§' | '°' if is_near_digit => 2,
        '€' | '£' | '§' | '°' if !is_in_word => 0,
        // It was there only to give way to the euro.
        '¤' => -3,
        _ if is_in_word => -2,
        _ => -1,
    }
}

fn fit_of_letter(before: char, c: char, after: char) -> i32 {
    let fit = if c.is_lowercase() {
        match (Case::of(before), Case::of(after)) {
            (_, Case::Upper) => -2,
            (_, Case::Lower) | (Case::Lower, Case::None) => 2,
            (Case::Upper, Case::None) => 1,
            (Case::None, Case::None) => 0,
        }
    } else {
        match (Case::of(before), Case::of(after)) {
            (Case::Lower, _) => -2,
            (Case::None, Case::Lower) => 2,
            (Case::Upper, Case::Lower) => -1,
            (Case::Upper, _) | (_, Case::Upper) => 1,
            (Case::None, Case::None) => 0,
        }
    };
    // Only Icelandic has many of them, and its page has points of its own for that.
    let is_rare = matches!(c, 'Ý' | 'ý' | 'Þ' | 'þ' | 'Ð' | 'ð' | 'ÿ');
    // Finnish doubles its vowels; other letters beyond English are not doubled, but marks are: @@.
    let is_doubled =
        !c.is_ascii() && !matches!(c, 'ä' | 'Ä' | 'ö' | 'Ö') && (before == c || after == c);
    fit - i32::from(is_rare) - if is_doubled { 4 } else { 0 }
}

enum Case {
    Lower,
    Upper,
    None,
}

impl Case {
    fn of(c: char) -> Self {
        match c {
            c if !is_letter(c) => Self::None,
            c if c.is_lowercase() => Self::Lower,
            _ => Self::Upper,
        }
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !matches!(c, 'ª' | 'º' | 'µ')
}
