//! In which language a text is, by its commonest words.

use std::collections::HashMap;

use super::super::CodePage;
use super::is_letter;

/// A language whose country has an EBCDIC page of its own, or English.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Language {
    /// Its page without and with the euro; English has none of its own.
    pages: &'static [CodePage],
    /// Common words that consist of letters which are the same in all pages.
    words: &'static [&'static str],
}

impl Language {
    /// Whether the page was made for it.
    pub fn has(&self, page: CodePage) -> bool {
        self.pages.contains(&page)
    }

    /// The language of EBCDIC text: the one with most of its common words, if they are at least
    /// three and one more than those of any other.
    pub fn of(sample: &[u8]) -> Option<&'static Self> {
        let mut known = HashMap::new();
        for (number, language) in LANGUAGES.iter().enumerate() {
            for word in language.words {
                known.entry(*word).or_insert_with(Vec::new).push(number);
            }
        }
        let mut hits = [0; LANGUAGES.len()];
        for token in sample.split(|byte| is_gap(*byte)) {
            if token.len() > LONGEST || !token.iter().all(|byte| is_letter(*byte)) {
                continue;
            }
            let word = CodePage::Ibm1047.decode(token).to_ascii_lowercase();
            for number in known.get(word.as_str()).into_iter().flatten() {
                hits[*number] += 1;
            }
        }
        let (first, most) = hits.iter().enumerate().max_by_key(|(_, count)| **count)?;
        let is_ahead = hits.iter().enumerate().all(|(other, count)| other == first || count < most);
        (*most >= 3 && is_ahead).then(|| &LANGUAGES[first])
    }
}

/// Whether the byte parts words in every page: blanks, controls, and the marks `.,;:()-'"?/`.
fn is_gap(byte: u8) -> bool {
    byte <= 0x40
        || matches!(
            byte,
            0x4b | 0x6b | 0x5e | 0x7a | 0x4d | 0x5d | 0x60 | 0x7d | 0x7f | 0x6f | 0x61
        )
}

/// Longest word below, in bytes.
const LONGEST: usize = 5;

const LANGUAGES: &[Language] = &[
    Language {
        pages: &[],
        words: &["the", "of", "and", "to", "is", "in", "for", "not", "with", "this", "if", "that"],
    },
    Language {
        pages: &[CodePage::Ibm273, CodePage::Ibm1141],
        words: &[
            "und", "der", "die", "das", "ist", "nicht", "von", "mit", "den", "ein", "eine", "auf",
        ],
    },
    Language {
        pages: &[CodePage::Ibm277, CodePage::Ibm1142],
        words: &["og", "det", "er", "ikke", "til", "af", "av", "som", "med", "har", "jeg", "den"],
    },
    Language {
        pages: &[CodePage::Ibm278, CodePage::Ibm1143],
        words: &[
            "och", "det", "att", "inte", "som", "av", "med", "till", "den", "ja", "on", "ei",
            "ole", "kun", "jos", "ovat",
        ],
    },
    Language {
        pages: &[CodePage::Ibm280, CodePage::Ibm1144],
        words: &["di", "che", "il", "non", "per", "una", "con", "della", "sono", "del", "gli"],
    },
    Language {
        pages: &[CodePage::Ibm284, CodePage::Ibm1145],
        words: &["de", "que", "los", "las", "el", "una", "por", "con", "del", "para", "es", "se"],
    },
    Language {
        pages: &[CodePage::Ibm297, CodePage::Ibm1147],
        words: &["les", "des", "et", "est", "dans", "une", "pas", "pour", "qui", "sur", "le", "de"],
    },
    Language {
        pages: &[CodePage::Ibm871, CodePage::Ibm1149],
        words: &["og", "ekki", "sem", "er", "var", "um", "til", "hann", "af", "en", "fyrir", "ef"],
    },
];
