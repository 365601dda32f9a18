//! Places as wires write them → time zones. Whose hour is meant where copy names an hour and no zone?

use std::sync::OnceLock;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::story::{Timestamp, fold};

/// Zones of the cities and countries from which agencies write most, by names folded and parted by commas.
const ZONES: &[(&str, &str)] = &[
    (
        "Europe/Madrid",
        "madrid,barcelona,sevilla,valencia,bilbao,zaragoza,spain,espana,espagne,spanien",
    ),
    (
        "Atlantic/Canary",
        "las palmas,las palmas de gran canaria,santa cruz de tenerife,tenerife",
    ),
    (
        "Europe/Lisbon",
        "lisboa,lisbon,lisbonne,lissabon,porto,coimbra,portugal",
    ),
    (
        "Europe/London",
        "london,londres,londra,edinburgh,belfast,cardiff,britain,england,scotland",
    ),
    ("Europe/Dublin", "dublin,ireland"),
    (
        "Europe/Paris",
        "paris,marseille,lyon,lille,bordeaux,toulouse,nice,strasbourg,estrasburgo,strassburg,france,francia,frankreich",
    ),
    (
        "Europe/Brussels",
        "bruxelles,brussels,bruselas,brussel,brussels,bruxelas,belgium",
    ),
    (
        "Europe/Amsterdam",
        "amsterdam,the hague,la haya,den haag,la haye,rotterdam,netherlands",
    ),
    (
        "Europe/Berlin",
        "berlin,frankfurt,frankfurt/main,munchen,munich,hamburg,koln,dusseldorf,stuttgart,leipzig,dresden,germany,deutschland,alemania,allemagne",
    ),
    (
        "Europe/Zurich",
        "zurich,geneva,geneve,genf,ginebra,ginevra,bern,berne,berna,basel,lausanne,davos,switzerland",
    ),
    (
        "Europe/Vienna",
        "vienna,wien,viena,vienne,salzburg,austria,osterreich",
    ),
    (
        "Europe/Rome",
        "rome,roma,rom,milan,milano,naples,napoli,turin,torino,venice,vatican city,ciudad del vaticano,italy,italia,italie,italien",
    ),
    ("Europe/Stockholm", "stockholm,estocolmo,goteborg,sweden"),
    ("Europe/Oslo", "oslo,norway"),
    (
        "Europe/Copenhagen",
        "copenhagen,kobenhavn,copenhague,kopenhagen,denmark",
    ),
    ("Europe/Helsinki", "helsinki,finland"),
    (
        "Europe/Warsaw",
        "warsaw,warszawa,varsovia,varsovie,warschau,poland",
    ),
    ("Europe/Prague", "prague,praha,praga,prag,czech republic"),
    ("Europe/Budapest", "budapest,hungary"),
    ("Europe/Athens", "athens,atenas,athenes,athen,greece"),
    ("Europe/Kyiv", "kyiv,kiev,kiew,kiova,ukraine"),
    (
        "Europe/Moscow",
        "moscow,moscu,moscou,moskau,mosca,москва,st. petersburg,russia",
    ),
    ("Europe/Istanbul", "ankara,istanbul,estambul,turkey,turkiye"),
    ("Asia/Jerusalem", "jerusalem,jerusalen,tel aviv,israel"),
    ("Asia/Beirut", "beirut,beyrouth,lebanon"),
    ("Africa/Cairo", "cairo,el cairo,le caire,kairo,egypt"),
    ("Asia/Baghdad", "baghdad,bagdad,iraq"),
    ("Asia/Tehran", "tehran,teheran,iran"),
    (
        "Asia/Riyadh",
        "riyadh,riad,ryad,doha,kuwait city,saudi arabia",
    ),
    ("Asia/Dubai", "dubai,abu dhabi,united arab emirates"),
    ("Asia/Karachi", "islamabad,karachi,lahore,pakistan"),
    (
        "Asia/Kolkata",
        "new delhi,nueva delhi,mumbai,kolkata,chennai,bengaluru,india",
    ),
    ("Asia/Dhaka", "dhaka,bangladesh"),
    ("Asia/Bangkok", "bangkok,hanoi,jakarta,thailand"),
    (
        "Asia/Shanghai",
        "beijing,pekin,peking,shanghai,hong kong,taipei,china,北京,上海",
    ),
    ("Asia/Singapore", "singapore,singapur,kuala lumpur,manila"),
    (
        "Asia/Tokyo",
        "tokyo,osaka,kyoto,seoul,seul,pyongyang,japan,south korea,東京",
    ),
    ("Australia/Sydney", "sydney,canberra,melbourne,australia"),
    ("Pacific/Auckland", "wellington,auckland,new zealand"),
    ("Africa/Lagos", "lagos,abuja,nigeria"),
    (
        "Africa/Nairobi",
        "nairobi,addis ababa,mogadishu,kampala,kenya",
    ),
    (
        "Africa/Johannesburg",
        "johannesburg,cape town,pretoria,south africa",
    ),
    ("Africa/Algiers", "algiers,alger,argel,tunis,tunez"),
    ("Africa/Casablanca", "rabat,casablanca,morocco"),
    (
        "America/New_York",
        "washington,new york,nueva york,united nations,naciones unidas,nations unies,miami,boston,atlanta,philadelphia,detroit,toronto,ottawa,montreal",
    ),
    (
        "America/Chicago",
        "chicago,houston,dallas,austin,st. louis,new orleans,minneapolis",
    ),
    ("America/Denver", "denver,salt lake city"),
    ("America/Phoenix", "phoenix"),
    (
        "America/Los_Angeles",
        "los angeles,san francisco,las vegas,seattle,san diego,sacramento,vancouver",
    ),
    ("Pacific/Honolulu", "honolulu"),
    (
        "America/Mexico_City",
        "mexico,mexico city,ciudad de mexico,guadalajara,monterrey",
    ),
    (
        "America/Guatemala",
        "guatemala,ciudad de guatemala,san salvador,tegucigalpa,managua",
    ),
    ("America/Costa_Rica", "san jose,costa rica"),
    ("America/Havana", "havana,la habana,la havane,havanna,cuba"),
    ("America/Panama", "panama,ciudad de panama"),
    ("America/Bogota", "bogota,medellin,cali,colombia"),
    ("America/Lima", "lima,peru"),
    ("America/Guayaquil", "quito,guayaquil,ecuador"),
    ("America/Caracas", "caracas,venezuela"),
    ("America/La_Paz", "la paz,bolivia"),
    ("America/Santiago", "santiago,santiago de chile,chile"),
    ("America/Argentina/Buenos_Aires", "buenos aires,argentina"),
    ("America/Montevideo", "montevideo,uruguay"),
    ("America/Asuncion", "asuncion,paraguay"),
    (
        "America/Sao_Paulo",
        "brasilia,sao paulo,rio de janeiro,brazil,brasil",
    ),
];

/// The zone of a place or country, by its name in one of the languages of wires.
pub fn of_place(name: &str) -> Option<TimeZone> {
    TimeZone::get(zone_name(name)?).ok()
}

/// Whether agencies write from the place or country of this name so often that its zone is known.
pub fn knows(name: &str) -> bool {
    zone_name(name).is_some()
}

fn zone_name(name: &str) -> Option<&'static str> {
    let mut folded = String::with_capacity(name.len());
    fold(name, &mut folded);
    let places = places();
    let at = places.binary_search_by(|(known, _)| (*known).cmp(&folded));
    Some(places[at.ok()?].1)
}

/// `ZONES` by place, in order.
fn places() -> &'static [(&'static str, &'static str)] {
    static PLACES: OnceLock<Vec<(&str, &str)>> = OnceLock::new();
    PLACES.get_or_init(|| {
        let rows = ZONES.iter();
        let named = rows.flat_map(|(zone, names)| names.split(',').map(move |name| (name, *zone)));
        let mut places: Vec<_> = named.collect();
        places.sort_unstable();
        places
    })
}

/// A zone by its name in settings (`UTC`, `+02:00`, `Europe/Madrid`).
pub fn named(name: &str) -> Option<TimeZone> {
    super::time::offset(name)
        .map(TimeZone::fixed)
        .or_else(|| TimeZone::get(name).ok())
}

/// The zone of a region by the letters that American copy gives it: summer time included, as `ET` means it.
pub fn of_letters(letters: &str) -> Option<TimeZone> {
    let name = match letters {
        "ET" => "America/New_York",
        "CT" => "America/Chicago",
        "MT" => "America/Denver",
        "PT" => "America/Los_Angeles",
        _ => return super::time::offset(letters).map(TimeZone::fixed),
    };
    TimeZone::get(name).ok()
}

/// Where a day's hours come last: no clock on earth is behind it.
pub fn last() -> TimeZone {
    TimeZone::fixed(Offset::constant(-12))
}

/// The instant of a clock's reading; an hour that the clock skips or has twice is the earlier or first one.
pub fn instant(at: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(at).compatible().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_table_is_one() {
        for (zone, names) in ZONES {
            assert!(TimeZone::get(zone).is_ok(), "{zone}");
            for name in names.split(',') {
                let mut folded = String::new();
                fold(name, &mut folded);
                assert_eq!(name, folded, "names are written folded");
            }
        }
        assert!(of_place("São Paulo").is_some());
        assert!(named("Europe/Madrid").is_some() && named("nowhere").is_none());
    }
}
