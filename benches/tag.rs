//! Story → Tags, on stories whose tokens are made; and how long a lexicon takes to be ready.
//! Share of the budget: 18 µs a story.

use std::sync::Arc;

use copytaster::story::{Dateline, Story, Text, Timestamp, Tokens, Zone};
use copytaster::tag::{Lexicon, Tagger};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

use crate::blank;
use crate::wire::{self, Wired};

const ENGLISH: &str = "Ministers from Kenya and Uganda opened the second half of the railway on Monday, \
two years after the first trains left Mombasa for the lakes. The line was paid for by Chinese lenders, and \
officials in Beijing said they would look at an extension towards Kigali if traders in the region asked for it. \
Farmers along the route complained that the fences cut their fields in two. \"We were promised bridges, and we \
still wait for them,\" said Grace Wanjiru, who grows tea near Nakuru. The company answered that eleven crossings \
were being built and that the last would be ready in March. Freight has grown by 14 percent since January, it \
said, while the number of lorries on the old road has fallen by a third.";

const SPANISH: &str = "Los ministros de Perú y Ecuador inauguraron este lunes el segundo tramo del ferrocarril, \
dos años después de que salieran los primeros trenes. La obra fue pagada por bancos chinos, y fuentes en Pekín \
dijeron que estudiarán una ampliación hacia Bogotá si los comerciantes de la región la piden. Los agricultores se \
quejaron de que las vallas cortan sus campos. La empresa respondió que se construyen once pasos y que el último \
estará listo en marzo. El tráfico de mercancías creció un 14 por ciento desde enero, según la compañía estadounidense.";

const ARABIC: &str = "افتتح وزراء من كينيا وأوغندا النصف الثاني من خط السكة الحديد يوم الاثنين بعد عامين من انطلاق \
القطارات الأولى. وقال مسؤولون في بكين إنهم سينظرون في تمديد الخط إذا طلب التجار ذلك، فيما اشتكى المزارعون من الأسوار \
التي تقسم حقولهم. وردت الشركة بأن أحد عشر معبرا قيد الإنشاء وأن آخرها سيكون جاهزا في مارس، بحسب مسؤول بريطاني.";

fn story(paragraph: &str, language: &str) -> Story {
    let mut body = String::new();
    while body.len() < 3000 {
        body.push_str(paragraph);
        body.push('\n');
    }
    body.truncate(body.floor_char_boundary(3000));
    let mut story = Story {
        language: language.to_owned(),
        headline: Text::new("Railway reaches the lakes"),
        body: Text::new(body),
        dateline: Some(Dateline {
            text: "NAIROBI, Nov 6 (Agency) -".to_owned(),
            places: vec!["NAIROBI".to_owned()],
            ..Dateline::default()
        }),
        ..blank::story(1, Timestamp::UNIX_EPOCH)
    };
    let zones = [Zone::Headline, Zone::Dateline, Zone::Body];
    story.tokens = Tokens::of(zones.iter().map(|zone| (*zone, story.text(*zone))));
    story
}

#[divan::bench(args = wire::FORMS)]
fn tag(bencher: Bencher, form: Wired) {
    let tagger = Tagger::new(Arc::new(Lexicon::embedded()));
    let stories = wire::stories(form);
    bencher
        .counter(ItemsCount::new(stories.len()))
        .bench(|| wire::each(&stories, |story| tagger.tag(story)));
}

/// Copy that is denser with names than a day's wire is.
#[divan::bench(args = ["en", "es", "ar"])]
fn dense(bencher: Bencher, language: &str) {
    let tagger = Tagger::new(Arc::new(Lexicon::embedded()));
    let text = match language {
        "es" => SPANISH,
        "ar" => ARABIC,
        _ => ENGLISH,
    };
    let story = story(text, language);
    bencher
        .counter(BytesCount::new(story.text(Zone::Body).len()))
        .bench(|| tagger.tag(&story));
}

#[divan::bench(sample_count = 5)]
fn lexicon() -> Lexicon {
    Lexicon::embedded()
}
