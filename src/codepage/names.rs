//! What code pages are called.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::CodePage;

impl CodePage {
    /// Its coded character set identifier at IBM, a number of at most four digits.
    pub fn ccsid(self) -> u16 {
        match self {
            Self::Utf8 => 1208,
            Self::Iso8859_1 => 819,
            Self::Iso8859_15 => 923,
            Self::Windows1252 => 1252,
            Self::Ibm037 => 37,
            Self::Ibm273 => 273,
            Self::Ibm277 => 277,
            Self::Ibm278 => 278,
            Self::Ibm280 => 280,
            Self::Ibm284 => 284,
            Self::Ibm285 => 285,
            Self::Ibm297 => 297,
            Self::Ibm500 => 500,
            Self::Ibm871 => 871,
            Self::Ibm924 => 924,
            Self::Ibm1047 => 1047,
            Self::Ibm1140 => 1140,
            Self::Ibm1141 => 1141,
            Self::Ibm1142 => 1142,
            Self::Ibm1143 => 1143,
            Self::Ibm1144 => 1144,
            Self::Ibm1145 => 1145,
            Self::Ibm1146 => 1146,
            Self::Ibm1147 => 1147,
            Self::Ibm1148 => 1148,
            Self::Ibm1149 => 1149,
        }
    }

    /// Where it is used, for people.
    pub fn description(self) -> &'static str {
        match self {
            Self::Utf8 => "Unicode, and so ASCII",
            Self::Iso8859_1 => "Latin-1",
            Self::Iso8859_15 => "Latin-9: Latin-1 with the euro",
            Self::Windows1252 => "Latin-1 of Windows",
            Self::Ibm037 => "USA, Canada, Brazil, Portugal, Netherlands",
            Self::Ibm273 => "Germany, Austria",
            Self::Ibm277 => "Denmark, Norway",
            Self::Ibm278 => "Finland, Sweden",
            Self::Ibm280 => "Italy",
            Self::Ibm284 => "Spain, Latin America",
            Self::Ibm285 => "United Kingdom",
            Self::Ibm297 => "France",
            Self::Ibm500 => "Belgium, Switzerland, international",
            Self::Ibm871 => "Iceland",
            Self::Ibm924 => "z/OS UNIX, Latin-9",
            Self::Ibm1047 => "z/OS UNIX, Latin-1",
            Self::Ibm1140 => "IBM-037 with the euro",
            Self::Ibm1141 => "IBM-273 with the euro",
            Self::Ibm1142 => "IBM-277 with the euro",
            Self::Ibm1143 => "IBM-278 with the euro",
            Self::Ibm1144 => "IBM-280 with the euro",
            Self::Ibm1145 => "IBM-284 with the euro",
            Self::Ibm1146 => "IBM-285 with the euro",
            Self::Ibm1147 => "IBM-297 with the euro",
            Self::Ibm1148 => "IBM-500 with the euro",
            Self::Ibm1149 => "IBM-871 with the euro",
        }
    }
}

impl Display for CodePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf8 => f.pad("UTF-8"),
            Self::Iso8859_1 => f.pad("ISO-8859-1"),
            Self::Iso8859_15 => f.pad("ISO-8859-15"),
            Self::Windows1252 => f.pad("windows-1252"),
            page => f.pad(&format!("IBM-{:03}", page.ccsid())),
        }
    }
}

impl FromStr for CodePage {
    type Err = UnknownCodePage;

    /// Reads a name as [`Display`] writes it, and what others call the page: `IBM1047`, `CP1047`,
    /// `CCSID 1047`, `IBM01140` or only the number. Case, blanks, hyphens, underscores and zeros
    /// before the number do not matter.
    fn from_str(name: &str) -> Result<Self, UnknownCodePage> {
        let bare: String = name
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '_'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        match bare.as_str() {
            "UTF8" | "ASCII" | "USASCII" => return Ok(Self::Utf8),
            "ISO88591" | "LATIN1" | "L1" => return Ok(Self::Iso8859_1),
            "ISO885915" | "LATIN9" | "L9" => return Ok(Self::Iso8859_15),
            _ => {}
        }
        let number = ["IBM", "CCSID", "CP", "WINDOWS"]
            .iter()
            .find_map(|prefix| bare.strip_prefix(prefix))
            .unwrap_or(&bare);
        let is_number = number.len() <= 5 && number.bytes().all(|byte| byte.is_ascii_digit());
        let ccsid: u16 = number.parse().ok().filter(|_| is_number).ok_or(UnknownCodePage)?;
        Self::ALL.into_iter().find(|page| page.ccsid() == ccsid).ok_or(UnknownCodePage)
    }
}

/// A name that is no code page of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCodePage;

impl Display for UnknownCodePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected UTF-8, ISO-8859-1, ISO-8859-15, windows-1252 or an EBCDIC page")?;
        f.write_str(" such as IBM-1047; zoxy iconv --list has them all")
    }
}

impl std::error::Error for UnknownCodePage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_by_all_its_names() {
        for page in CodePage::ALL {
            let ccsid = page.ccsid();
            assert_eq!(page.to_string().parse(), Ok(page));
            assert_eq!(page.to_string().to_lowercase().parse(), Ok(page));
            for name in [
                format!("IBM{ccsid}"),
                format!("IBM-{ccsid:05}"),
                format!("cp{ccsid:03}"),
                format!("CCSID {ccsid}"),
                ccsid.to_string(),
            ] {
                assert_eq!(name.parse(), Ok(page), "{name}");
            }
        }
        for (name, page) in [
            ("ascii", CodePage::Utf8),
            ("US-ASCII", CodePage::Utf8),
            ("utf8", CodePage::Utf8),
            ("ISO8859-1", CodePage::Iso8859_1),
            ("iso_8859-1", CodePage::Iso8859_1),
            ("latin1", CodePage::Iso8859_1),
            ("ISO8859-15", CodePage::Iso8859_15),
            ("Windows-1252", CodePage::Windows1252),
            ("cp1252", CodePage::Windows1252),
            ("IBM01140", CodePage::Ibm1140),
            ("037", CodePage::Ibm037),
        ] {
            assert_eq!(name.parse(), Ok(page), "{name}");
        }
    }

    #[test]
    fn other_names_are_refused() {
        let names = ["", "IBM-", "IBM-875", "IBM-1047x", "+37", "IBM+37", "IBMCP37", "0000037"];
        for name in names.into_iter().chain(["ISO-8859-2", "UTF-16", "EBCDIC", "99999", "65573"]) {
            assert_eq!(name.parse::<CodePage>(), Err(UnknownCodePage), "{name}");
        }
    }

    #[test]
    fn names_can_be_aligned() {
        assert_eq!(format!("{:9}|", CodePage::Ibm037), "IBM-037  |");
        assert_eq!(format!("{:9}|", CodePage::Utf8), "UTF-8    |");
    }
}
