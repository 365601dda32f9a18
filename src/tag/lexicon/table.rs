//! The text of a table → its rows, and every fault in it with its line.
//!
//! A table is UTF-8 with tabs between the cells. The first line is `# ` and the names of the columns;
//! other lines that begin with `#` are comments. Rows stand in byte order, so that two people who add
//! a name add it in the same place; the first cells are the key, and a key stands once.

use super::Fault;

/// One row.
#[derive(Clone, Debug)]
pub struct Row<'t> {
    pub file: &'t str,
    /// From 1.
    pub line: usize,
    pub cells: Vec<&'t str>,
}

impl<'t> Row<'t> {
    /// The names in a cell, parted by `|`.
    pub fn names(&self, column: usize) -> impl Iterator<Item = &'t str> + use<'t> {
        self.cells[column]
            .split('|')
            .map(str::trim)
            .filter(|name| !name.is_empty())
    }

    /// The cell, or `None` where it is empty or `-`.
    pub fn optional(&self, column: usize) -> Option<&'t str> {
        Some(self.cells[column]).filter(|cell| !matches!(*cell, "" | "-"))
    }
}

/// All tables by file name, and the faults found so far.
pub struct Tables<'t> {
    files: Vec<(&'t str, &'t str)>,
    pub faults: Vec<Fault>,
}

impl<'t> Tables<'t> {
    /// `known` tables, each replaced by the one of the same name in `own`.
    pub fn new(known: &[(&'t str, &'t str)], own: &'t [(String, String)]) -> Tables<'t> {
        let mut tables = Tables {
            files: known.to_vec(),
            faults: Vec::new(),
        };
        for (name, text) in own {
            match tables.files.iter_mut().find(|(known, _)| known == name) {
                Some(file) => file.1 = text,
                None => tables.report(name, 1, "no table of this name is known".to_owned()),
            }
        }
        tables
    }

    /// All tables, in a fixed order.
    pub fn files(&self) -> &[(&'t str, &'t str)] {
        &self.files
    }

    /// The text of a file; empty where there is none.
    pub fn text(&self, file: &str) -> (&'t str, &'t str) {
        let found = self.files.iter().find(|(name, _)| *name == file);
        found.copied().unwrap_or(("", ""))
    }

    pub fn report(&mut self, file: &str, line: usize, message: String) {
        self.faults.push(Fault {
            file: file.to_owned(),
            line,
            message,
        });
    }

    /// Reports a fault of a row.
    pub fn fault(&mut self, row: &Row<'_>, message: impl Into<String>) {
        self.report(row.file, row.line, message.into());
    }

    /// The rows of `file`, whose first `key` columns name a row. Rows with a fault are reported and
    /// left out.
    pub fn rows(&mut self, file: &str, columns: &[&str], key: usize) -> Vec<Row<'t>> {
        let (file, text) = self.text(file);
        let mut lines = text.lines().enumerate();
        let header = lines.next().map_or("", |(_, line)| line);
        let names: Vec<&str> = header.trim_start_matches(['#', ' ']).split('\t').collect();
        if !header.starts_with('#') || names != columns {
            let want = columns.join(" ");
            self.report(
                file,
                1,
                format!("the first line must name the columns: {want}"),
            );
            return Vec::new();
        }
        let mut rows: Vec<Row<'t>> = Vec::new();
        let mut last = "";
        for (at, line) in lines {
            if line.starts_with('#') {
                continue;
            }
            let row = Row {
                file,
                line: at + 1,
                cells: line.split('\t').collect(),
            };
            if let Some(message) = fault_of(&row, columns, key, line, last) {
                self.fault(&row, message);
            } else {
                rows.push(row);
            }
            last = line;
        }
        if rows.is_empty() && self.faults.iter().all(|f| f.file != file) {
            self.report(file, 1, "the table has no rows".to_owned());
        }
        rows
    }
}

fn fault_of(row: &Row<'_>, columns: &[&str], key: usize, line: &str, last: &str) -> Option<String> {
    let cells = &row.cells;
    if cells.len() != columns.len() {
        let (want, have) = (columns.len(), cells.len());
        return Some(format!("{want} columns expected, {have} found"));
    }
    if let Some(at) = cells[..key].iter().position(|cell| cell.is_empty()) {
        return Some(format!("{} is empty", columns[at]));
    }
    if last.split('\t').take(key).eq(cells[..key].iter().copied()) {
        return Some(format!("\"{}\" stands twice", cells[..key].join(" ")));
    }
    if line < last {
        return Some(format!("\"{}\" is not in order", cells[..key].join(" ")));
    }
    None
}
