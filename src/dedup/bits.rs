//! Rising numbers ↔ few bits: the gaps between them, in Rice's code.

/// Appends bits to bytes, the low ones first.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    bits: u64,
    count: u32,
}

impl<'a> Writer<'a> {
    pub fn new(out: &'a mut Vec<u8>) -> Writer<'a> {
        Writer {
            out,
            bits: 0,
            count: 0,
        }
    }

    /// Appends the low `count` bits of `value`, at most 32.
    pub fn put(&mut self, value: u32, count: u32) {
        self.bits |= u64::from(value) << self.count;
        self.count += count;
        if self.count >= 32 {
            self.out
                .extend_from_slice(&(self.bits as u32).to_le_bytes());
            self.bits >>= 32;
            self.count -= 32;
        }
    }

    /// Appends rising values: of each gap `low` bits as they are, the rest by as many ones.
    pub fn rising(&mut self, values: &[u16], low: u32) {
        let mut least = 0;
        for value in values {
            let gap = u32::from(*value) - least;
            let mut ones = gap >> low;
            while ones >= 31 {
                self.put(u32::MAX >> 1, 31);
                ones -= 31;
            }
            // and the zero behind them
            self.put((1 << ones) - 1, ones + 1);
            self.put(gap & ((1 << low) - 1), low);
            least = u32::from(*value) + 1;
        }
    }

    pub fn finish(self) {
        let bytes = self.count.div_ceil(8) as usize;
        self.out
            .extend_from_slice(&self.bits.to_le_bytes()[..bytes]);
    }
}

/// Reads them back. Behind the end there are ones without end: no gap.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    bits: u64,
    count: u32,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader {
            bytes,
            bits: 0,
            count: 0,
        }
    }

    fn fill(&mut self) {
        while self.count < 56 {
            let (byte, rest) = self.bytes.split_first().unwrap_or((&0xFF, &[]));
            self.bits |= u64::from(*byte) << self.count;
            self.count += 8;
            self.bytes = rest;
        }
    }

    /// The next `count` bits, at most 32.
    pub fn take(&mut self, count: u32) -> u32 {
        if self.count < 32 {
            self.fill();
        }
        let value = self.bits & ((1 << count) - 1);
        self.bits >>= count;
        self.count -= count;
        value as u32
    }

    /// Fills `values` with rising ones; `None` where there are none.
    pub fn rising(&mut self, values: &mut [u16], low: u32) -> Option<()> {
        let mut least = 0u32;
        for value in values {
            let mut high = 0;
            loop {
                self.fill();
                let ones = self.bits.trailing_ones().min(self.count);
                high += ones;
                if ones < self.count {
                    self.bits >>= ones + 1;
                    self.count -= ones + 1;
                    break;
                }
                (self.bits, self.count) = (0, 0);
                if high > 1 << 16 {
                    return None;
                }
            }
            least += (high << low) + self.take(low);
            *value = u16::try_from(least).ok()?;
            least += 1;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rising_values_come_back_from_fewer_bits() {
        let all: [&[u16]; 5] = [
            &[],
            &[0],
            &[65_535],
            &[0, 1, 2, 700, 701, 9_000, 9_001, 65_535],
            &[3, 100, 220, 380, 410, 900, 1_000, 1_300, 1_301, 1_500],
        ];
        let mut packed = Vec::new();
        let mut writer = Writer::new(&mut packed);
        for values in all {
            for low in [0, 6, 12] {
                writer.put(5, 3);
                writer.rising(values, low);
            }
        }
        writer.finish();
        let mut reader = Reader::new(&packed);
        for values in all {
            for low in [0, 6, 12] {
                assert_eq!(reader.take(3), 5);
                let mut back = vec![0; values.len()];
                reader.rising(&mut back, low).expect("what was written");
                assert_eq!(back, values);
            }
        }
        assert_eq!(
            Reader::new(&[]).rising(&mut [0], 3),
            None,
            "nothing is there"
        );
    }
}
