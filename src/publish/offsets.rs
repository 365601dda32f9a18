//! Byte offsets → code point offsets, for many mentions of one text.

/// Counts of code points before every 64th byte; nothing for text that is ASCII alone.
pub struct CodePoints<'t> {
    text: &'t str,
    blocks: Vec<u32>,
    /// Code points of the whole text.
    pub total: usize,
}

const BLOCK: usize = 64;

impl<'t> CodePoints<'t> {
    pub fn of(text: &'t str) -> CodePoints<'t> {
        if text.is_ascii() {
            return CodePoints {
                text,
                blocks: Vec::new(),
                total: text.len(),
            };
        }
        let mut blocks = Vec::with_capacity(text.len() / BLOCK + 1);
        let mut count = 0;
        let (whole, rest) = text.as_bytes().as_chunks::<BLOCK>();
        for block in whole {
            blocks.push(count);
            count += starts(block);
        }
        blocks.push(count);
        count += starts(rest);
        CodePoints {
            text,
            blocks,
            total: count as usize,
        }
    }

    /// Code points before byte `at`.
    pub fn before(&self, at: u32) -> u32 {
        if self.blocks.is_empty() {
            return at;
        }
        let at = (at as usize).min(self.text.len());
        let block = (at / BLOCK).min(self.blocks.len() - 1);
        self.blocks[block] + starts(&self.text.as_bytes()[block * BLOCK..at])
    }
}

/// Bytes of a block that begin a code point. Few enough to be counted in a byte: so many are added in one step.
#[inline(always)]
fn starts(block: &[u8]) -> u32 {
    let begins = block.iter().map(|byte| u8::from(*byte & 0xC0 != 0x80));
    begins.sum::<u8>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_are_counted_as_a_person_would() {
        let text = "añ 日本 🇪🇸 ".repeat(40);
        let points = CodePoints::of(&text);
        for (at, _) in text.char_indices() {
            assert_eq!(
                points.before(at as u32) as usize,
                text[..at].chars().count()
            );
        }
        assert_eq!(points.before(text.len() as u32) as usize, points.total);
    }
}
