//! The types of the contract → JSON, byte for byte as serde_json writes it.
//!
//! Three bytes in four of an event are names of members and short texts. A general writer looks at every byte of
//! them; this one knows that names of members have nothing to escape, and looks at texts in blocks. What it is given
//! as bytes is JSON already.

use std::fmt;

use serde::ser::{
    Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer, StdError,
};

/// The JSON of a value that needs about so many bytes.
pub fn write(value: &impl Serialize, about: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(about);
    value
        .serialize(Writer { out: &mut out })
        .expect("the types of the contract have no fallible part and the writer is memory");
    out
}

/// A kind of value that the contract has not.
#[derive(Debug)]
pub struct Foreign;

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the contract has no such value")
    }
}

impl StdError for Foreign {}

impl serde::ser::Error for Foreign {
    fn custom<T: fmt::Display>(_: T) -> Foreign {
        Foreign
    }
}

type Done = Result<(), Foreign>;
type Never = Impossible<(), Foreign>;

struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

/// A list or an object that is open.
struct Open<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Writer<'o> {
    fn open(self, bracket: u8) -> Open<'o> {
        self.out.push(bracket);
        Open {
            out: self.out,
            first: true,
        }
    }

    fn integer(self, value: u64) -> Done {
        integer(value, self.out);
        Ok(())
    }
}

impl Open<'_> {
    fn next(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Done {
        value.serialize(Writer { out: self.out })
    }

    fn close(self, bracket: u8) -> Done {
        self.out.push(bracket);
        Ok(())
    }
}

/// Appends a number in decimal digits.
pub fn integer(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    while at == digits.len() || value > 0 {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a text in quotation marks.
pub fn escaped(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    out.reserve(rest.len() + 2);
    out.push(b'"');
    loop {
        let (plain, odd) = rest.split_at(plain_bytes(rest));
        out.extend_from_slice(plain);
        let Some((byte, behind)) = odd.split_first() else {
            break;
        };
        escape(*byte, out);
        rest = behind;
    }
    out.push(b'"');
}

/// How many bytes without an escape `bytes` begin with; of a long text 32 are looked at in one step, then eight.
fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // the top bit of each byte that is below `limit`; what stands above the first such byte may be wrong
    let below = |eight: u64, limit: u8| eight.wrapping_sub(ONES * u64::from(limit)) & !eight;
    let is = |eight: u64, byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    let mut count = 0;
    while let Some(block) = bytes.get(count..).and_then(<[u8]>::first_chunk::<32>) {
        if block.iter().fold(false, |any, byte| any | is_odd(*byte)) {
            break;
        }
        count += block.len();
    }
    while let Some(eight) = bytes.get(count..).and_then(<[u8]>::first_chunk::<8>) {
        let eight = u64::from_le_bytes(*eight);
        let odd = (below(eight, b' ') | is(eight, b'"') | is(eight, b'\\')) & (ONES << 7);
        if odd != 0 {
            return count + (odd.trailing_zeros() / 8) as usize;
        }
        count += 8;
    }
    let tail = bytes[count..].iter();
    count + tail.take_while(|byte| !is_odd(**byte)).count()
}

fn is_odd(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        0..b' ' => {
            out.extend_from_slice(b"\\u00");
            let digits = [byte >> 4, byte & 15];
            return out.extend(digits.map(|digit| DIGITS[usize::from(digit)]));
        }
        _ => return out.push(byte),
    };
    out.extend_from_slice(&[b'\\', short]);
}

impl<'o> Serializer for Writer<'o> {
    type Ok = ();
    type Error = Foreign;
    type SerializeSeq = Open<'o>;
    type SerializeStruct = Open<'o>;
    type SerializeMap = Open<'o>;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeStructVariant = Never;

    fn serialize_bool(self, value: bool) -> Done {
        let word: &[u8] = if value { b"true" } else { b"false" };
        self.out.extend_from_slice(word);
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Done {
        self.integer(value.into())
    }

    fn serialize_u16(self, value: u16) -> Done {
        self.integer(value.into())
    }

    fn serialize_u32(self, value: u32) -> Done {
        self.integer(value.into())
    }

    fn serialize_u64(self, value: u64) -> Done {
        self.integer(value)
    }

    fn serialize_f64(self, value: f64) -> Done {
        serde_json::to_writer(self.out, &value).map_err(|_| Foreign)
    }

    fn serialize_str(self, text: &str) -> Done {
        escaped(text, self.out);
        Ok(())
    }

    fn serialize_none(self) -> Done {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'o>, Foreign> {
        Ok(self.open(b'['))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'o>, Foreign> {
        Ok(self.open(b'{'))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'o>, Foreign> {
        Ok(self.open(b'{'))
    }

    fn serialize_i8(self, _: i8) -> Done {
        Err(Foreign)
    }

    fn serialize_i16(self, _: i16) -> Done {
        Err(Foreign)
    }

    fn serialize_i32(self, _: i32) -> Done {
        Err(Foreign)
    }

    fn serialize_i64(self, _: i64) -> Done {
        Err(Foreign)
    }

    fn serialize_f32(self, _: f32) -> Done {
        Err(Foreign)
    }

    fn serialize_char(self, _: char) -> Done {
        Err(Foreign)
    }

    fn serialize_bytes(self, json: &[u8]) -> Done {
        self.out.extend_from_slice(json);
        Ok(())
    }

    fn serialize_unit(self) -> Done {
        Err(Foreign)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        Err(Foreign)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Done {
        Err(Foreign)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Done {
        Err(Foreign)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Done {
        Err(Foreign)
    }

    fn serialize_tuple(self, _: usize) -> Result<Never, Foreign> {
        Err(Foreign)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never, Foreign> {
        Err(Foreign)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, Foreign> {
        Err(Foreign)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, Foreign> {
        Err(Foreign)
    }
}

impl SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = Foreign;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.next();
        self.value(value)
    }

    fn end(self) -> Done {
        self.close(b']')
    }
}

impl SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = Foreign;

    // inlined, the length of the name is known and it is copied without a call
    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        let before: &[u8] = if self.first { b"\"" } else { b",\"" };
        self.first = false;
        self.out.extend_from_slice(before);
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.value(value)
    }

    fn end(self) -> Done {
        self.close(b'}')
    }
}

impl SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Foreign;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Done {
        self.next();
        self.value(name)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.out.push(b':');
        self.value(value)
    }

    fn end(self) -> Done {
        self.close(b'}')
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(serde::Serialize)]
    struct Whole<'t> {
        texts: Vec<&'t str>,
        none: Option<u32>,
        some: Option<f64>,
        count: u64,
        map: BTreeMap<&'t str, Vec<&'t str>>,
        flags: Vec<bool>,
        at: crate::story::Timestamp,
        #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
        inner: Option<Inner>,
    }

    #[derive(serde::Serialize)]
    struct Inner {
        n: u8,
    }

    #[test]
    fn it_is_what_serde_json_writes() {
        let odd: String = (0..0x180).filter_map(char::from_u32).collect();
        let long = format!("{odd}{}\"{odd}", "plain ".repeat(20));
        let numbers: [f64; 6] = [0.0, 1.0, 0.07, 1.5e300, f64::NAN, -12.3456];
        for text in ["", "a", "“x” \\ \"y\"\n", &odd, &long] {
            for number in numbers {
                let all = Whole {
                    texts: vec![text, text],
                    none: None,
                    some: Some(number),
                    count: u64::MAX,
                    map: BTreeMap::from([(text, vec![text]), ("k", Vec::new())]),
                    flags: vec![true, false],
                    at: crate::story::Timestamp::UNIX_EPOCH,
                    inner: Some(Inner { n: 7 }),
                };
                let want = serde_json::to_vec(&all).expect("JSON");
                assert_eq!(write(&all, 16), want, "{text} {number}");
            }
        }
    }
}
