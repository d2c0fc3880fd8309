//! Decks for tests, card by card.

/// A deck in the making.
#[derive(Clone, Default)]
pub struct Deck {
    cards: String,
}

impl Deck {
    /// An empty deck.
    pub fn new() -> Self {
        Self::default()
    }

    /// A card as it stands.
    pub fn card(mut self, card: &str) -> Self {
        self.cards.push_str(card);
        self.cards.push('\n');
        self
    }

    /// A SOCKS listener on 127.0.0.1.
    pub fn listen(self, name: &str, port: u16) -> Self {
        self.fields(&[(1, "LISTEN"), (10, name), (19, "SOCKS"), (28, &port.to_string())])
    }

    /// The same on another address.
    pub fn listen_at(self, name: &str, address: &str, port: u16) -> Self {
        self.fields(&[
            (1, "LISTEN"),
            (10, name),
            (19, "SOCKS"),
            (28, &port.to_string()),
            (34, address),
        ])
    }

    /// A profile.
    pub fn profile(self, name: &str, host: &str, port: u16) -> Self {
        self.fields(&[(1, "PROFILE"), (10, name), (19, &port.to_string()), (25, host)])
    }

    /// A setting; a long value goes on over as many cards as it needs.
    pub fn set(self, name: &str, keyword: &str, value: &str) -> Self {
        self.fields(&[(1, "SET"), (10, name), (19, keyword), (32, value)])
    }

    /// A pinned host key.
    pub fn hostkey(self, name: &str, key: &str) -> Self {
        self.fields(&[(1, "HOSTKEY"), (10, name), (19, key)])
    }

    /// A filter; profile may be blank.
    pub fn filter(self, name: &str, action: &str, profile: &str, ports: &str, to: &str) -> Self {
        self.filter_with("NNN", name, action, profile, ports, to)
    }

    /// A filter whose columns 36 to 38 are `flags`.
    pub fn filter_with(
        self,
        flags: &str,
        name: &str,
        action: &str,
        profile: &str,
        ports: &str,
        to: &str,
    ) -> Self {
        let fields = [(1, "FILTER"), (10, name), (19, action), (27, profile), (36, flags)];
        self.fields(&[&fields[..], &[(40, ports), (52, to)]].concat())
    }

    /// The whole deck.
    pub fn text(&self) -> &str {
        &self.cards
    }

    /// The deck as records of exactly 80 columns.
    pub fn records(&self) -> Vec<String> {
        self.cards.lines().map(|card| format!("{card:<80}")).collect()
    }

    /// One card with text at the given columns (from 1); what does not fit before column 72 in the
    /// last field is continued there.
    fn fields(mut self, fields: &[(usize, &str)]) -> Self {
        let mut card = String::new();
        for (column, text) in fields {
            assert!(card.len() < *column, "{text} starts in the field before it");
            card = format!("{card:<width$}{text}", width = column - 1);
        }
        let column = fields.last().map_or(1, |field| field.0);
        while card.len() > 71 {
            let rest = card.split_off(71);
            self.cards.push_str(&card);
            self.cards.push_str("+\n");
            card = format!("{:width$}{rest}", "", width = column - 1);
        }
        self.card(&card)
    }
}
