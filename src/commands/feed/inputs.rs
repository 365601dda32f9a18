//! Paths → inputs with their subjects, and inputs → messages. What is there to send, and whose is it?

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use bytes::Bytes;

use super::super::taste::Head;
use crate::story::slug;

/// A file, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// `-`: standard input.
    pub path: PathBuf,
    /// What a person calls it: its path as given, or inside the folder that was given.
    pub name: String,
    pub agency: String,
    pub feed: String,
    pub size: u64,
    pub modified: Option<SystemTime>,
}

/// What the user said about whose copy it is.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub agency: Option<String>,
    pub feed: Option<String>,
}

/// One thing that was found in an input.
pub enum Found {
    /// `bytes` of the input make up the message.
    Message {
        name: String,
        body: Bytes,
        bytes: u64,
    },
    /// Something that cannot be sent, and why.
    Unreadable { name: String, why: String },
}

/// All files of `paths`, those of a folder sorted, names that begin with a dot left out.
pub fn find(paths: &[PathBuf], given: &Given) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        let shown = path.display();
        if path.as_os_str() == "-" {
            inputs.push(Input {
                path: path.clone(),
                name: "-".to_owned(),
                agency: token(given.agency.as_deref(), None, "any"),
                feed: token(given.feed.as_deref(), None, "file"),
                size: 0,
                modified: None,
            });
            continue;
        }
        let about = fs::metadata(path).with_context(|| format!("cannot read {shown}"))?;
        if about.is_dir() {
            let mut walk = Walk::default();
            walk.enter(path, &mut Vec::new())
                .with_context(|| format!("cannot read the folder {shown}"))?;
            // a folder of feeds, or a feed: the names that are missing inside stand before
            let above = folders(path);
            let missing = FOLDERS - walk.depth.min(FOLDERS);
            let above = &above[above.len().saturating_sub(missing)..];
            let found = walk.found.into_iter();
            inputs.extend(
                found.map(|(path, about, inside)| input(path, &about, above, &inside, given)),
            );
        } else {
            let mut above = folders(path);
            let name: Vec<String> = above.pop().into_iter().collect();
            let above = &above[above.len().saturating_sub(FOLDERS)..];
            let mut input = input(path.clone(), &about, above, &name, given);
            input.name = path.to_string_lossy().into_owned();
            inputs.push(input);
        }
    }
    Ok(inputs)
}

/// Agency and feed.
const FOLDERS: usize = 2;

/// The names on a path as it was given.
fn folders(path: &Path) -> Vec<String> {
    let mut folders = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => folders.push(name.to_string_lossy().into_owned()),
            // what the names before it are to the file is not said
            _ => folders.clear(),
        }
    }
    folders
}

/// What lies below a folder.
#[derive(Default)]
struct Walk {
    /// Each with its place inside the folder.
    found: Vec<(PathBuf, fs::Metadata, Vec<String>)>,
    /// Of the deepest folder in it.
    depth: usize,
}

impl Walk {
    /// Goes into `folder`, which lies at `inside` of the one that was given. Links to folders are not
    /// followed: they may lead in circles.
    fn enter(&mut self, folder: &Path, inside: &mut Vec<String>) -> io::Result<()> {
        self.depth = self.depth.max(inside.len());
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            inside.push(name);
            if entry.file_type()?.is_dir() {
                self.enter(&entry.path(), inside)?;
            } else {
                match fs::metadata(entry.path()) {
                    Ok(about) if about.is_file() => {
                        self.found.push((entry.path(), about, inside.clone()));
                    }
                    Ok(_) => {}
                    // taken away between two looks
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            inside.pop();
        }
        Ok(())
    }
}

fn input(
    path: PathBuf,
    about: &fs::Metadata,
    above: &[String],
    inside: &[String],
    given: &Given,
) -> Input {
    let (agency, feed) = owner(above, inside);
    Input {
        path,
        name: inside.join("/"),
        agency: token(given.agency.as_deref(), agency, "any"),
        feed: token(given.feed.as_deref(), feed, "file"),
        size: about.len(),
        modified: about.modified().ok(),
    }
}

/// Agency and feed of `<agency>/<feed>/…/file` inside what was given, else of a file
/// `<digits>.<agency>.<feed>.<ext>`, else of the last two folders, those `above` among them.
fn owner<'n>(above: &'n [String], inside: &'n [String]) -> (Option<&'n str>, Option<&'n str>) {
    if let [agency, feed, .., _] = inside {
        return (Some(agency), Some(feed));
    }
    let (name, folders) = match inside.split_last() {
        Some((name, folders)) => (name.as_str(), folders),
        None => ("", inside),
    };
    match name.split('.').collect::<Vec<_>>()[..] {
        [number, agency, feed, _]
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            (Some(agency), Some(feed))
        }
        _ => match above.iter().chain(folders).collect::<Vec<_>>()[..] {
            [agency, feed] => (Some(agency), Some(feed)),
            _ => (None, None),
        },
    }
}

fn token(given: Option<&str>, found: Option<&str>, else_: &str) -> String {
    given
        .or(found)
        .and_then(slug)
        .unwrap_or_else(|| else_.to_owned())
}

/// How an input is cut into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Whole,
    /// A message a line; blank lines are none.
    Lines,
}

/// Hands every message of `input` to `each`, as long as that returns `true`. A message of more than
/// `most` bytes is not read into memory.
pub fn read(input: &Input, cut: Cut, most: usize, mut each: impl FnMut(Found) -> bool) -> bool {
    let opened: io::Result<Box<dyn BufRead>> = match input.path.as_os_str() == "-" {
        true => Ok(Box::new(BufReader::new(io::stdin()))),
        false => File::open(&input.path)
            .map(|file| Box::new(BufReader::with_capacity(1 << 16, file)) as Box<dyn BufRead>),
    };
    let read = opened.and_then(|mut reader| match cut {
        Cut::Whole => whole(input, &mut reader, most, &mut each),
        Cut::Lines => lines(input, &mut reader, most, &mut each),
    });
    read.unwrap_or_else(|error| {
        each(Found::Unreadable {
            name: input.name.clone(),
            why: format!("cannot read it: {error}"),
        })
    })
}

fn whole(
    input: &Input,
    reader: &mut dyn BufRead,
    most: usize,
    each: &mut dyn FnMut(Found) -> bool,
) -> io::Result<bool> {
    let mut body = Vec::new();
    reader.take(most as u64 + 1).read_to_end(&mut body)?;
    let name = input.name.clone();
    Ok(each(if body.len() > most {
        Found::Unreadable {
            name,
            why: too_long(most),
        }
    } else {
        Found::Message {
            name,
            bytes: body.len() as u64,
            body: Bytes::from(body),
        }
    }))
}

fn lines(
    input: &Input,
    reader: &mut dyn BufRead,
    most: usize,
    each: &mut dyn FnMut(Found) -> bool,
) -> io::Result<bool> {
    for number in 1_u64.. {
        let mut line = Vec::new();
        // one more for the line end
        let read = (&mut *reader)
            .take(most as u64 + 2)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        let ended = line.pop_if(|last| *last == b'\n').is_some();
        let name = || format!("{}:{number}", input.name);
        let found = if line.len() > most {
            if !ended {
                skip_line(reader)?;
            }
            Found::Unreadable {
                name: name(),
                why: too_long(most),
            }
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            let head: Head = serde_json::from_slice(&line).unwrap_or_default();
            Found::Message {
                name: head.id().unwrap_or_else(name),
                bytes: read as u64,
                body: Bytes::from(line),
            }
        };
        if !each(found) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn skip_line(reader: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let buffered = reader.fill_buf()?;
        let (read, is_end) = match memchr::memchr(b'\n', buffered) {
            Some(at) => (at + 1, true),
            None => (buffered.len(), buffered.is_empty()),
        };
        reader.consume(read);
        if is_end {
            return Ok(());
        }
    }
}

fn too_long(most: usize) -> String {
    format!("it is longer than the {most} bytes that the server takes; raise max_payload there")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(path: &str) -> Vec<String> {
        let parts = path.split('/').filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    }

    #[test]
    fn the_owner_is_told_from_folders_then_from_the_name_then_from_the_folders_above() {
        for (above, inside, agency, feed) in [
            ("", "efe/en/story.txt", "efe", "en"),
            (
                "",
                "Agencia EFE/América/2026/1.txt",
                "agencia-efe",
                "america",
            ),
            ("", "efe/en/01.afp.fr.txt", "efe", "en"),
            ("", "01.efe.en.txt", "efe", "en"),
            ("", "monday/01.efe.en.txt", "efe", "en"),
            ("", "story.efe.en.txt", "any", "file"),
            ("", "01.efe.txt", "any", "file"),
            ("", "efe/story.txt", "any", "file"),
            ("", "!/?/story.txt", "any", "file"),
            ("efe", "en/story.txt", "efe", "en"),
            ("efe", "story.txt", "any", "file"),
            ("efe/en", "story.txt", "efe", "en"),
            ("home/monday", "01.efe.en.txt", "efe", "en"),
        ] {
            let (above, inside) = (list(above), list(inside));
            let found = owner(&above, &inside);
            assert_eq!(
                (token(None, found.0, "any"), token(None, found.1, "file")),
                (agency.to_owned(), feed.to_owned()),
                "{above:?} {inside:?}"
            );
        }
    }

    #[test]
    fn the_folders_of_a_path_are_those_that_were_given() {
        for (path, names) in [
            ("/copy/efe/es", "copy/efe/es"),
            ("./efe/es/", "efe/es"),
            ("../copy/efe", "copy/efe"),
            ("efe/es/..", ""),
            (".", ""),
        ] {
            assert_eq!(folders(Path::new(path)), list(names), "{path}");
        }
    }

    #[test]
    fn a_line_too_long_is_named_and_the_next_is_read() {
        let input = Input {
            path: PathBuf::from("x"),
            name: "x".to_owned(),
            agency: String::new(),
            feed: String::new(),
            size: 0,
            modified: None,
        };
        let text = format!("1234\n\n{}\n12345\n{{\"id\": 7}}", "y".repeat(90));
        let mut seen = Vec::new();
        let all = lines(&input, &mut text.as_bytes(), 9, &mut |found| {
            seen.push(match found {
                Found::Message { name, body, .. } => (name, body.len()),
                Found::Unreadable { name, .. } => (name, 0),
            });
            true
        });
        assert!(all.unwrap());
        let seen: Vec<(&str, usize)> = seen.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(seen, [("x:1", 4), ("x:3", 0), ("x:4", 5), ("7", 9)]);
    }
}
