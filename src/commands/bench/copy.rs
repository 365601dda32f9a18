//! A seed and a number → one invented wire story. What does a server carry on an ordinary day?
//!
//! Stories are ninjs of about three kilobytes: places, institutions, names and figures vary, one in
//! ten is a reprint of an earlier one and one in twenty carries an earlier one on.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::json;

/// An endless wire: the same seed tells the same stories.
pub struct Wire {
    seed: u64,
}

impl Wire {
    pub fn new(seed: u64) -> Wire {
        Wire { seed }
    }

    /// The payload of story `number`, from 0, as ninjs.
    pub fn story(&self, number: u64) -> Bytes {
        let Copy {
            id,
            version,
            headline,
            body,
        } = self.copy(number);
        let item = json!({
            "uri": format!("urn:newsml:wire.example:20231106:{:x}-{id}", self.seed),
            "type": "text",
            "version": version.to_string(),
            "versioncreated": "2023-11-06T09:00:00Z",
            "language": "en",
            "urgency": 3 + number % 5,
            "headline": headline,
            "body_text": body,
        });
        Bytes::from(item.to_string())
    }

    /// The words of story `number` alone: a headline, a blank line, paragraphs.
    pub fn plain(&self, number: u64) -> Bytes {
        let Copy { headline, body, .. } = self.copy(number);
        Bytes::from(format!("{headline}\n\n{body}\n"))
    }

    fn copy(&self, number: u64) -> Copy {
        let mut dice = Dice(self.seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let kind = if number < 64 { 99 } else { dice.roll(100) };
        let told = match kind {
            0..=14 => number - 1 - dice.roll(63),
            _ => number,
        };
        let carried_on = kind >= 10 && told != number;
        let mut story = Dice(self.seed.rotate_left(17) ^ told.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        let (headline, mut body) = write_story(&mut story, told);
        if carried_on {
            let _ = write!(body, "\n{}", sentence(&mut dice));
        }
        // a reprint has an identifier of its own, a story carried on keeps its first one
        let (id, version) = if carried_on { (told, 2) } else { (number, 1) };
        Copy {
            id,
            version,
            headline,
            body,
        }
    }
}

/// What a story says, however it is written.
struct Copy {
    id: u64,
    version: u32,
    headline: String,
    body: String,
}

/// splitmix64 (Steele, Lea, Flood 2014): small, seedable, the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.roll(from.len() as u64) as usize]
    }
}

const SYLLABLES: &[&str] = &[
    "ka", "lo", "mi", "ren", "sa", "to", "vel", "dan", "or", "pe", "shi", "ul", "bra", "nor", "ez",
];
const PLACES: &[(&str, &str, &str)] = &[
    ("Accra", "Ghana", "Ghanaian"),
    ("Ankara", "Turkey", "Turkish"),
    ("Beijing", "China", "Chinese"),
    ("Bogota", "Colombia", "Colombian"),
    ("Brasilia", "Brazil", "Brazilian"),
    ("Cairo", "Egypt", "Egyptian"),
    ("Canberra", "Australia", "Australian"),
    ("Dhaka", "Bangladesh", "Bangladeshi"),
    ("Hanoi", "Vietnam", "Vietnamese"),
    ("Jakarta", "Indonesia", "Indonesian"),
    ("Kyiv", "Ukraine", "Ukrainian"),
    ("Lima", "Peru", "Peruvian"),
    ("Madrid", "Spain", "Spanish"),
    ("Manila", "Philippines", "Philippine"),
    ("Nairobi", "Kenya", "Kenyan"),
    ("Oslo", "Norway", "Norwegian"),
    ("Quito", "Ecuador", "Ecuadorean"),
    ("Rabat", "Morocco", "Moroccan"),
    ("Seoul", "South Korea", "South Korean"),
    ("Tokyo", "Japan", "Japanese"),
    ("Warsaw", "Poland", "Polish"),
];
const OFFICES: &[&str] = &[
    "foreign ministry",
    "defence ministry",
    "finance ministry",
    "central bank",
    "parliament",
    "army",
    "health ministry",
    "police",
    "supreme court",
    "opposition",
    "trade ministry",
    "navy",
];
const DEEDS: &[&str] = &[
    "approved a plan to rebuild",
    "rejected a proposal to sell",
    "agreed to inspect",
    "postponed the opening of",
    "ordered an inquiry into",
    "promised to pay for",
    "signed a contract to widen",
    "halted work on",
];
const THINGS: &[&str] = &[
    "the northern railway",
    "two coastal refineries",
    "a chain of rural hospitals",
    "the river dams",
    "the fishing harbour",
    "an airport terminal",
    "the wheat reserve",
    "a satellite station",
    "the border bridges",
];
const OUTLOOKS: &[&str] = &[
    "before the rainy season",
    "by the end of next year",
    "unless prices fall",
    "after talks with lenders",
    "despite protests by farmers",
    "once the courts have ruled",
    "if neighbours agree to share the cost",
];
const BODIES: &[&str] = &[
    "the United Nations",
    "the World Bank",
    "the European Union",
    "the African Union",
    "ASEAN",
    "the International Monetary Fund",
    "the Red Cross",
    "OPEC",
    "the World Health Organization",
];

fn name(dice: &mut Dice) -> String {
    let mut name = String::new();
    for _ in 0..2 + dice.roll(2) {
        name.push_str(dice.pick(SYLLABLES));
    }
    name[..1].to_uppercase() + &name[1..]
}

fn place(dice: &mut Dice) -> (&'static str, &'static str, &'static str) {
    PLACES[dice.roll(PLACES.len() as u64) as usize]
}

fn write_story(dice: &mut Dice, number: u64) -> (String, String) {
    let (city, country, adjective) = place(dice);
    let (office, deed, thing) = (dice.pick(OFFICES), dice.pick(DEEDS), dice.pick(THINGS));
    let day = 1 + number % 28;
    let headline = format!("{country}'s {office} {deed} {thing} near {}", name(dice));
    let mut body = format!(
        "{}, Nov {day} (Reuters) - The {adjective} {office} {deed} {thing} near {}, officials said on Monday, in a step worth {} million dollars.",
        city.to_uppercase(),
        name(dice),
        1 + dice.roll(9000),
    );
    while body.len() < 2500 {
        let text = if dice.roll(3) == 0 { "\n" } else { " " };
        let _ = write!(body, "{text}{}", sentence(dice));
    }
    (headline, body)
}

/// One sentence in four names an office, a body or a place, as in real copy; the others go on about the matter.
fn sentence(dice: &mut Dice) -> String {
    let (figure, share) = (1 + dice.roll(90_000), dice.roll(1000));
    let (thing, outlook) = (dice.pick(THINGS), dice.pick(OUTLOOKS));
    let last = name(dice);
    match dice.roll(12) {
        0 => {
            let (_, _, adjective) = place(dice);
            format!(
                "{} {last}, a spokesman for the {adjective} {}, said {thing} would cost {figure} dollars a day {outlook}.",
                name(dice),
                dice.pick(OFFICES)
            )
        }
        1 => format!(
            "Experts sent by {} met Minister {} {last} and {} {thing}.",
            dice.pick(BODIES),
            name(dice),
            dice.pick(DEEDS)
        ),
        2 => {
            let (city, ..) = place(dice);
            format!(
                "In {city}, prices rose {}.{} percent from the week before and were expected to rise further {outlook}.",
                share / 10,
                share % 10
            )
        }
        3 | 4 => format!(
            "Work on {thing} had been planned for {figure} days and was twice put off for want of money, a report showed."
        ),
        5 | 6 => format!(
            "“Nobody told us how long it would last or what it would cost,” {last} said, adding that {share} letters had gone without an answer."
        ),
        7 | 8 => format!(
            "The sum of {figure} million set aside for {thing} is to be paid in {share} parts, the first of them {outlook}."
        ),
        9 => format!(
            "Rain that fell for {share} hours washed away earth and left {figure} homes along the valley without light or water {outlook}."
        ),
        10 => format!(
            "Those who remember the dry years of {last}'s youth say that {thing} would never have been begun {outlook}."
        ),
        _ => format!(
            "A survey of {figure} households found that {}.{} percent wanted the matter settled {outlook}, and that few expected it to be.",
            share / 10,
            share % 10
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_is_the_same_in_every_run_and_about_three_kilobytes_a_story() {
        let (one, other) = (Wire::new(7), Wire::new(7));
        let sizes: Vec<usize> = (0..500).map(|n| one.story(n).len()).collect();
        assert!((0..500).all(|n| one.story(n) == other.story(n)));
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!((2700..3300).contains(&mean), "{mean}");
    }
}
