//! Texts of many kinds in many pages. The sentences are ordinary ones, with what is usual in them.

use super::*;
use CodePage::*;

const CARDS: &str = "\
* Mail goes through the tunnel
PROFILE  PAPER    22    host1234.example.com
FILTER   MAIL     TUNNEL  PAPER    NNN 25,110,143  *.corp.example
";

const JCL: &str = "\
//NIGHTLY  JOB (ACCT),'BATCH',CLASS=A,MSGCLASS=X
//* SEND THE REPORT TO THE PARTNER
//STEP1    EXEC PGM=FTP,PARM='HOST (EXIT'
//SYSIN    DD DSN=PROD.DAILY.REPORT(+0),DISP=SHR
";

const C: &str = "\
#include <stdio.h>
int main(int argc, char *argv[]) {
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || !strcmp(argv[i], \"--\"))
            printf(\"%s\\n\", argv[i]);
        mask |= ~(1 << i) ^ flags[i];
    }
}
";

const GERMAN: &str = "\
Die Übertragung der Dateien ist nicht möglich, für die Prüfung fehlt ein Schlüssel.
Ändern Sie das Paßwort und grüßen Sie den Empfänger von uns. Öffnen Sie die Tür.
";

const DANISH: &str = "\
Det er ikke muligt at åbne filen, og nøglen er ikke på serveren. Ændringer skal være
færdige før klokken otte. Øvrige filer går til en anden vært, som også har adgang. Årsag?
";

const SWEDISH: &str = "\
Det går inte att öppna filen, och nyckeln är inte på servern. Ändringar måste vara klara
före klockan åtta. Övriga filer går till en annan värd som också har åtkomst.
";

const FINNISH: &str = "\
Tiedostoa ei voi lähettää, jos avain ei ole palvelimella. Äänet ja värit ovat sitä varten,
kun käyttäjä on estetty. Yhteys on päällä, ja tämä työ on tehty.
";

const ITALIAN: &str = "\
Non è possibile aprire il file perché la chiave non è più sul server. Il cliente può
inviare i dati di lunedì, che è già una novità per il reparto della qualità.
";

const SPANISH: &str = "\
El año que viene los señores de España enviarán una niña por la mañana. La contraseña de
los usuarios es pequeña, y el compañero de Ñuñoa se va con las señas del otoño.
";

const FRENCH: &str = "\
Le fichier n'est pas arrivé à l'étape prévue, où les données des clients français sont
déjà envoyées. Ça fait une année que les mots de passe sont changés pour la sécurité.
";

const BELGIAN: &str = "\
Le fichier n'est pas arrivé à l'étape prévue! Les données [des clients] sont déjà
envoyées! Voir la liste [des serveurs] pour une reprise, et les clés qui manquent!
";

const ICELANDIC: &str = "\
Það er ekki hægt að opna skrána sem þú baðst um, og lykillinn er ekki á þjóninum.
Þetta á að vera tilbúið fyrir klukkan átta. Öll önnur gögn fara til hýsilsins, ef það má.
";

fn encoded(page: CodePage, text: &str) -> Vec<u8> {
    page.encode(text).unwrap_or_else(|c| panic!("{page} has no {c:?}"))
}

fn guess(bytes: &[u8]) -> PageGuess {
    match detect(bytes) {
        Detected::Ebcdic(guess) => guess,
        other => panic!("{other}"),
    }
}

#[test]
fn ebcdic_is_told_in_every_page_and_form() {
    for text in [CARDS, JCL, GERMAN, "A B", "put file\n", "x\n", "EXIT  "] {
        for page in CodePage::EBCDIC {
            let Ok(bytes) = page.encode(text) else { continue };
            assert!(CodePage::detect(&bytes).is_ebcdic(), "{page} {text}");
            let with_lf: Vec<_> = bytes.iter().map(|b| if *b == NL { LF } else { *b }).collect();
            if text.contains(' ') {
                assert!(CodePage::detect(&with_lf).is_ebcdic(), "{page} LF {text}");
            }
            let fixed: String = text.lines().map(|line| format!("{line:<80}")).collect();
            assert!(CodePage::detect(&encoded(page, &fixed)).is_ebcdic(), "{page} FB {text}");
            let mut variable = Vec::new();
            for line in text.lines() {
                let bytes = encoded(page, line);
                variable.extend((bytes.len() as u16 + 4).to_be_bytes());
                variable.extend([0, 0]);
                variable.extend(bytes);
            }
            if text.contains(' ') {
                assert!(CodePage::detect(&variable).is_ebcdic(), "{page} VB {text}");
            }
        }
    }
    assert!(CodePage::detect(&[BLANK; 80]).is_ebcdic());
    assert!(CodePage::detect(&encoded(Ibm273, &format!("*{:79}", "-".repeat(20)))).is_ebcdic());
    assert!(CodePage::detect(&encoded(Ibm1047, &"ABCD1234".repeat(10))).is_ebcdic());
}

#[test]
fn what_extends_ascii_is_never_ebcdic() {
    let greek = "\u{3a4}\u{3bf} \u{3b1}\u{3c1}\u{3c7}\u{3b5}\u{3af}\u{3bf} \u{3b4}\u{3b5}\u{3bd}";
    let japanese = "\u{30d5}\u{30a1}\u{30a4}\u{30eb}\u{3092}\u{9001}\u{308b}";
    let texts = [CARDS, JCL, C, GERMAN, DANISH, SWEDISH, FINNISH, ITALIAN, SPANISH, FRENCH];
    for text in texts.into_iter().chain([ICELANDIC, "été", "ÅÄÖåäö", "à", "@", "ÄÖÜäöüß", "a@b"])
    {
        for page in [Iso8859_1, Iso8859_15, Windows1252] {
            let bytes = encoded(page, text);
            let is_ascii = text.is_ascii();
            let expected = if is_ascii { Detected::Utf8 } else { Detected::Other };
            assert_eq!(detect(&bytes), expected, "{page} {text}");
            for cut in 0..bytes.len() {
                assert!(!CodePage::detect(&bytes[..cut]).is_ebcdic(), "{page} {text} to {cut}");
                assert!(!CodePage::detect(&bytes[cut..]).is_ebcdic(), "{page} {text} from {cut}");
            }
        }
    }
    for text in texts.into_iter().chain([greek, japanese, "", "tom@example.com\nann@example.com\n"])
    {
        assert_eq!(detect(text.as_bytes()), Detected::Utf8, "{text}");
        for word in text.split_inclusive(' ') {
            assert_eq!(detect(word.as_bytes()), Detected::Utf8, "{word}");
        }
    }
}

#[test]
fn other_alphabets_in_eight_bits_are_not_ebcdic() {
    let word = "\u{43f}\u{435}\u{440}\u{435}\u{434}\u{430}\u{447}\u{430}";
    let sentence = format!("{word} {word} {word}");
    let address = format!("{word}@{word}");
    for encoding in [encoding_rs::KOI8_R, encoding_rs::ISO_8859_5, encoding_rs::WINDOWS_1251] {
        // KOI8-R has most of its letters at those of EBCDIC; there a blank or line feed is needed.
        let is_koi = encoding == encoding_rs::KOI8_R;
        for text in [word, &sentence, if is_koi { &sentence } else { &address }] {
            let (bytes, _, _) = encoding.encode(text);
            assert_eq!(detect(&bytes), Detected::Other, "{} {text}", encoding.name());
        }
    }
}

#[test]
fn a_sample_that_ends_within_a_character_is_utf8() {
    let text = format!("{}\u{20ac} and more", "x".repeat(SAMPLE - 1));
    assert_eq!(detect(text.as_bytes()), Detected::Utf8);
    assert_eq!(detect(b"caf\xc3"), Detected::Other);
}

#[test]
fn no_text_is_not_ebcdic() {
    let mut random: u32 = 1;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 24) as u8
    })
    .take(SAMPLE)
    .collect();
    for chunk in noise.chunks(64) {
        assert!(!CodePage::detect(chunk).is_ebcdic(), "{chunk:x?}");
    }
    assert_eq!(detect(&noise), Detected::Other);
    assert_eq!(detect(&[0; 1000]), Detected::Utf8);
}

#[test]
fn national_characters_tell_their_page() {
    for (page, text) in [
        (Ibm273, GERMAN),
        (Ibm277, DANISH),
        (Ibm278, SWEDISH),
        (Ibm278, FINNISH),
        (Ibm280, ITALIAN),
        (Ibm284, SPANISH),
        (Ibm297, FRENCH),
        (Ibm500, BELGIAN),
        (Ibm871, ICELANDIC),
        (Ibm1047, C),
        (Ibm037, C),
        (Ibm500, C),
    ] {
        let guess = guess(&encoded(page, text));
        assert_eq!((guess.page, guess.basis), (page, Basis::Told), "{guess}");
        assert!(page == Ibm500 || guess.alike.len() == 1, "{guess}");
    }
}

#[test]
fn the_euro_tells_the_page_with_the_euro() {
    for (page, text) in [
        (Ibm1141, GERMAN),
        (Ibm1142, DANISH),
        (Ibm1143, SWEDISH),
        (Ibm1144, ITALIAN),
        (Ibm1145, SPANISH),
        (Ibm1147, FRENCH),
        (Ibm1149, ICELANDIC),
        (Ibm1148, BELGIAN),
        (Ibm924, C),
    ] {
        let guess = guess(&encoded(page, &format!("{text} 100 €\n 200 €\n")));
        assert_eq!((guess.page, guess.basis), (page, Basis::Told), "{guess}");
    }
    let guess = guess(&encoded(Ibm1140, "The price is 100 € or €100.\n"));
    assert_eq!((guess.page, guess.basis), (Ibm1140, Basis::Told), "{guess}");
    assert!(guess.alike.contains(&Ibm924) && !guess.alike.contains(&Ibm1047), "{guess}");
}

#[test]
fn what_no_page_changes_is_read_in_1047() {
    for page in CodePage::EBCDIC {
        for text in [CARDS, JCL] {
            let guess = guess(&encoded(page, text));
            assert_eq!((guess.page, guess.basis), (Ibm1047, Basis::Same), "{page}");
            assert_eq!(guess.alike.len(), 21);
        }
    }
}

#[test]
fn what_cannot_be_told_is_assumed() {
    let pounds = guess(&encoded(Ibm285, "The price is £5 for each of the files.\n"));
    assert_eq!((pounds.page, pounds.basis), (Ibm1047, Basis::Assumed), "{pounds}");
    let name = guess(&encoded(Ibm037, "//SYSIN DD DSN=SYS#1.TEST\n"));
    assert_eq!((name.page, name.basis), (Ibm1047, Basis::Assumed), "{name}");
    assert!(name.alike.contains(&Ibm037) && !name.alike.contains(&Ibm277), "{name}");
    let word = guess(&encoded(Ibm273, "Ende: für\n"));
    assert_eq!(word.basis, Basis::Assumed, "{word}");
}

#[test]
fn brackets_alone_tell_037_from_1047() {
    let text = "* [a comment]";
    assert_eq!(CodePage::detect(&encoded(Ibm037, text)), Ibm037);
    assert_eq!(CodePage::detect(&encoded(Ibm1047, text)), Ibm1047);
}

#[test]
fn doubled_marks_are_no_doubled_letters() {
    let deck = "//A DD DATA,DLM=@@\nlines\n@@\n//B DD DATA,DLM=##\n##\n//C DD DATA,DLM=$$\n$$\n";
    for page in [Ibm037, Ibm1047, Ibm1140] {
        let bytes = encoded(page, deck);
        assert_eq!(guess(&bytes).page.decode(&bytes), deck, "{page}");
    }
    // Finnish has such words.
    let text = "M\u{e4}\u{e4}r\u{e4} on sy\u{f6}\u{f6}nyt p\u{e4}\u{e4}lle, \u{e4}\u{e4}ni k\u{e4}y ty\u{f6}h\u{f6}n\n";
    let bytes = encoded(Ibm278, text);
    assert_eq!(guess(&bytes).page.decode(&bytes), text);
}

#[test]
fn descriptor_words_do_not_count() {
    let mut bytes = Vec::new();
    for length in [0x4a, 0x5a, 0x7b] {
        bytes.extend([0, length, 0, 0]);
        bytes.extend(encoded(Ibm1047, &format!("{:1$}", "CARD", usize::from(length) - 4)));
    }
    assert_eq!(guess(&bytes).basis, Basis::Same);
}

#[test]
fn commands_of_ebcdic_clients_are_told_by_their_first_bytes() {
    for verb in ["USER x\r\n", "user x\r\n", "QUIT\r\n", "PWD\r\n", "pwd\n", "CWD /\r\n", "Type A"]
    {
        for page in CodePage::EBCDIC {
            for newline in [crate::codepage::NewLine::Nl, crate::codepage::NewLine::Lf] {
                let bytes = page.encode_with(verb, newline).unwrap();
                assert_eq!(is_ebcdic_command(&bytes), Some(true), "{verb:?}");
                for length in 0..=2 {
                    assert_eq!(is_ebcdic_command(&bytes[..length]), None, "{verb:?} {length}");
                }
            }
        }
        assert_eq!(is_ebcdic_command(verb.as_bytes()), Some(false), "{verb:?}");
    }
    for other in [
        "\r\n".as_bytes(),
        "USER".as_bytes(),
        "ééab".as_bytes(),
        "\u{5909}\u{63db}".as_bytes(),
        b"\xe9\r\n",
        b"\xe9t\xe9 x",
        b"\x16\x03\x01\x02\x00",
        b"SSH-2.0-x",
        b"\0",
    ] {
        assert_eq!(is_ebcdic_command(other), Some(false), "{other:x?}");
    }
}
