//! What bytes look like: EBCDIC or not, and which page.

use super::CodePage;

impl CodePage {
    /// Tells EBCDIC from ASCII by its blanks (X'40' against X'20').
    ///
    /// Of the EBCDIC pages only IBM-037 and IBM-1047 are told, by square brackets and circumflexes;
    /// without any it is IBM-1047.
    pub fn detect(bytes: &[u8]) -> Self {
        let count = |wanted: &[u8]| bytes.iter().filter(|byte| wanted.contains(byte)).count();
        if count(&[0x40]) <= count(b" ") {
            Self::Utf8
        } else if count(&[0xba, 0xbb, 0xb0]) > count(&[0xad, 0xbd, 0x5f]) {
            Self::Ibm037
        } else {
            Self::Ibm1047
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_tell_the_page() {
        let card = "FILTER   MAIL     TUNNEL  PAPER    NNN 25,110,143  *.corp.example";
        for page in [CodePage::Utf8, CodePage::Ibm1047] {
            assert_eq!(CodePage::detect(&page.encode(card).unwrap()), page);
        }
        let brackets = CodePage::Ibm037.encode("* [a comment]").unwrap();
        assert_eq!(CodePage::detect(&brackets), CodePage::Ibm037);
        assert_eq!(CodePage::detect(b""), CodePage::Utf8);
    }
}
