//! Invented wire copy: the same for the same seed, with repeats, versions, kills and broken payloads among it.

/// A small generator of numbers (splitmix64): the same on every machine.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `sides` - 1.
    pub fn below(&mut self, sides: u64) -> u64 {
        self.roll() % sides.max(1)
    }

    pub fn of<'a>(&mut self, many: &[&'a str]) -> &'a str {
        many[self.below(many.len() as u64) as usize]
    }
}

const CITIES: [&str; 12] = [
    "Lisbon", "Nairobi", "Jakarta", "Lima", "Oslo", "Ankara", "Manila", "Accra", "Quito", "Sofia",
    "Dhaka", "Tunis",
];
const WHO: [&str; 10] = [
    "the finance ministry",
    "a port authority",
    "the teachers' union",
    "the national weather office",
    "two opposition deputies",
    "the central bank",
    "a regional court",
    "the coast guard",
    "the health ministry",
    "an association of growers",
];
const DID: [&str; 10] = [
    "announced",
    "rejected",
    "postponed",
    "confirmed",
    "opened an inquiry into",
    "presented",
    "withdrew",
    "defended",
    "revised",
    "approved",
];
const WHAT: [&str; 10] = [
    "a plan for the northern railway",
    "the harvest forecast",
    "a loan for small fisheries",
    "the evacuation of three villages",
    "new rules for river freight",
    "the budget of the coming year",
    "a vaccination campaign",
    "the closure of a copper mine",
    "talks on border trade",
    "a tender for solar plants",
];
const LINKS: [&str; 6] = [
    "On the same day",
    "According to a statement",
    "Earlier this month",
    "In a separate decision",
    "Residents said that",
    "Officials added that",
];

/// When desks begin to count, Unix seconds.
pub const MORNING: i64 = 1_790_000_000;

/// One message for the raw stream.
#[derive(Clone, Debug)]
pub struct Copy {
    pub subject: String,
    pub body: String,
}

/// Copy without end.
pub struct Desk {
    dice: Dice,
    seed: u64,
    /// Unix seconds from which the hours of embargoes count.
    clock: i64,
    sent: Vec<Copy>,
    number: u64,
}

impl Desk {
    pub fn new(seed: u64) -> Desk {
        Desk {
            dice: Dice::new(seed),
            seed,
            clock: MORNING,
            sent: Vec::new(),
            number: 0,
        }
    }

    /// Lets embargoes count from `clock` on, Unix seconds.
    pub fn set_clock(&mut self, clock: i64) {
        self.clock = clock;
    }

    /// The next message; `n` messages are a mixture of all kinds.
    pub fn next(&mut self) -> Copy {
        self.number += 1;
        let copy = match self.dice.below(20) {
            0..=9 => self.plain(),
            10..=11 => self.repeat(),
            12 => self.edited(),
            13..=15 => self.ninjs(),
            16..=17 => self.lines(),
            18 => self.broken(),
            _ => self.kill(),
        };
        if self.sent.len() < 500 {
            self.sent.push(copy.clone());
        } else {
            let at = self.dice.below(500) as usize;
            self.sent[at] = copy.clone();
        }
        copy
    }

    fn paragraph(&mut self) -> String {
        let dice = &mut self.dice;
        let mut text = String::new();
        for _ in 0..3 {
            let (link, who, did, what) = (
                dice.of(&LINKS),
                dice.of(&WHO),
                dice.of(&DID),
                dice.of(&WHAT),
            );
            let (figure, share) = (dice.below(90_000) + 100, dice.below(1000));
            text.push_str(&format!(
                "{link} {who} {did} {what}, worth {figure} million, or {}.{} percent more than before. ",
                share / 10,
                share % 10
            ));
        }
        text
    }

    fn body(&mut self, paragraphs: u64) -> String {
        let city = self.dice.of(&CITIES);
        let mut text = format!("{city}, Nov {} (EFE).- ", 1 + self.dice.below(28));
        for _ in 0..paragraphs {
            text.push_str(&self.paragraph());
            text.push('\n');
        }
        text
    }

    /// A new story as plain text.
    pub fn plain(&mut self) -> Copy {
        let paragraphs = 2 + self.dice.below(4);
        let headline = format!(
            "{} {} {}",
            self.dice.of(&WHO),
            self.dice.of(&DID),
            self.dice.of(&WHAT)
        );
        Copy {
            subject: "wire.raw.efe.en".to_owned(),
            body: format!("{headline}\n\n{}EFE\nab/cd", self.body(paragraphs)),
        }
    }

    fn earlier(&mut self) -> Option<Copy> {
        let at = self.dice.below(self.sent.len() as u64) as usize;
        self.sent.get(at).cloned()
    }

    fn repeat(&mut self) -> Copy {
        self.earlier().unwrap_or_else(|| Desk::plain(self))
    }

    fn edited(&mut self) -> Copy {
        match self.earlier() {
            Some(mut copy) if copy.subject == "wire.raw.efe.en" => {
                copy.subject = "wire.raw.member.en".to_owned();
                copy.body
                    .push_str("\nContact the desk for pictures of the day.");
                copy
            }
            _ => self.plain(),
        }
    }

    /// The words of a guid stay; a later version goes on from them.
    fn words_of(&mut self, guid: u64, version: u64) -> String {
        let own = Dice::new(self.seed ^ guid.rotate_left(32));
        let dice = std::mem::replace(&mut self.dice, own);
        let body = self.body(2);
        self.dice = dice;
        match version {
            1 => body,
            _ => body + &self.paragraph(),
        }
    }

    /// A version of a story with an identifier, under embargo now and then: until soon, until long after, until lately.
    fn ninjs(&mut self) -> Copy {
        let (guid, version) = (
            self.dice.below(40 + self.number / 4),
            1 + self.dice.below(4),
        );
        let headline = format!("{} {}", self.dice.of(&CITIES), self.dice.of(&WHAT));
        let mut item = serde_json::json!({
            "uri": format!("tag:news.invalid,2026:{guid}"), "version": version.to_string(), "type": "text", "language": "en",
            "pubStatus": "usable", "headline": headline, "body_text": self.words_of(guid, version), "urgency": 1 + self.dice.below(8),
        });
        let hour = match self.dice.below(8) {
            0 | 1 => Some(1 + self.dice.below(4) as i64),
            2 => Some(86_400),
            3 => Some(-3600),
            _ => None,
        };
        if let Some(hour) = hour {
            let hour = jiff::Timestamp::from_second(self.clock + hour).expect("an hour of our age");
            item["embargoed"] = hour.to_string().into();
        }
        Copy {
            subject: "wire.raw.dpa.ninjs".to_owned(),
            body: item.to_string(),
        }
    }

    fn lines(&mut self) -> Copy {
        let lines: Vec<String> = (0..2 + self.dice.below(6))
            .map(|line| {
                let text = self.body(1);
                serde_json::json!({"id": format!("{}-{line}", self.number), "title": self.dice.of(&WHAT), "text": text}).to_string()
            })
            .collect();
        Copy {
            subject: "wire.raw.any.lines".to_owned(),
            body: lines.join("\n"),
        }
    }

    fn broken(&mut self) -> Copy {
        let good = self.ninjs();
        let (subject, body) = match self.dice.below(3) {
            0 => ("wire.raw.efe.en", String::new()),
            1 => (
                "wire.raw.dpa.ninjs",
                good.body[..good.body.len() / 2].to_owned(),
            ),
            _ => ("wire.raw.efe", good.body),
        };
        Copy {
            subject: subject.to_owned(),
            body,
        }
    }

    fn kill(&mut self) -> Copy {
        let guid = self.dice.below(40 + self.number / 4);
        let body = serde_json::json!({
            "uri": format!("tag:news.invalid,2026:{guid}"), "version": "9", "type": "text", "pubStatus": "canceled",
            "headline": "Kill", "body_text": "Editors: kill this story. It is wrong.",
        });
        Copy {
            subject: "wire.raw.dpa.ninjs".to_owned(),
            body: body.to_string(),
        }
    }
}
