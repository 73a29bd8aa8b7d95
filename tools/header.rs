//! Makes the text of include/barker.h: an introduction, and the declarations that cbindgen makes of
//! src/ffi, a family for each file, in the order of the sources.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The most columns that a line has.
const WIDTH: usize = 100;

pub fn generate(root: &Path) -> Result<String> {
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    let bindings = cbindgen::Builder::new().with_crate(root).with_config(config).generate()?;
    let mut declared = Vec::new();
    bindings.write(&mut declared);
    let mut items = items(&String::from_utf8(declared)?);

    let folder = root.join("src/ffi");
    let mut header = introduction(&fs::read_to_string(folder.join("introduction.h"))?)?;
    items.retain(|name, _| !header.contains(&format!("typedef int32_t {name};")));
    let modules = fs::read_to_string(folder.join("mod.rs"))?;
    for family in modules.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')) {
        let source = fs::read_to_string(folder.join(format!("{family}.rs")))?;
        let members = members(&source, &mut items);
        if !members.is_empty() {
            let heading = source.lines().next().unwrap_or_default();
            let heading = heading.trim_start_matches("//! ").trim_end_matches('.');
            if !heading.contains(": ") {
                return Err(format!("{family}.rs must begin with `//! Name: about`").into());
            }
            header += &format!("\n/* ---- {heading} ---- */\n\n{}\n", members.join("\n\n"));
        }
    }
    if let Some(name) = items.keys().next() {
        return Err(format!("no family declares {name}").into());
    }
    header +=
        "\n#if defined(__cplusplus) && !defined(BARKER_CDEF)\n}\n#endif\n\n#endif /* BARKER_H */\n";
    Ok(header)
}

/// The introduction, with the package's version.
fn introduction(text: &str) -> Result<String> {
    let mut text = text.to_owned();
    for part in ["", "_MAJOR", "_MINOR", "_PATCH"] {
        let number = env::var(format!("CARGO_PKG_VERSION{part}"))?;
        text = text.replace(&format!("@VERSION{part}@"), &number);
    }
    Ok(text)
}

/// Each declaration with its comment, by its name.
fn items(declared: &str) -> HashMap<String, String> {
    let items = declared.split("\n\n").map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| (name(item).to_owned(), item.to_owned())).collect()
}

/// What an item declares: the word before `(` of a function, in `(*` and `)` of a callback, after
/// `#define` of a constant, else the last one.
fn name(item: &str) -> &str {
    let declaration = item.rsplit_once("*/").map_or(item, |(_, declaration)| declaration);
    let end =
        |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let first =
        |text: &'static str| declaration.split_once(text).map(|(_, rest)| &rest[..end(rest)]);
    if let Some(name) = first("#define ").or_else(|| first("(*")) {
        return name;
    }
    let declaration = declaration.trim_end_matches(';');
    let declaration = match declaration.starts_with("typedef") || declaration.contains('{') {
        true => declaration,
        false => declaration.split_once('(').map_or(declaration, |(function, _)| function),
    };
    declaration.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The items of one source file in its order, ready for the header.
fn members(source: &str, items: &mut HashMap<String, String>) -> Vec<String> {
    let mut members = Vec::new();
    let mut constants = Vec::new();
    for line in source.lines().map(|line| line.trim_start_matches("pub ")) {
        let line = line.trim_start_matches("unsafe ").trim_start_matches("extern \"C\" ");
        let Some((kind, rest)) = line.split_once(' ') else { continue };
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if !matches!(kind, "fn" | "type" | "struct" | "const") {
            continue;
        }
        let Some(item) = items.remove(&rest[..end]) else { continue };
        if kind == "const" {
            constants.push(enumerator(&item));
            continue;
        }
        close(&mut members, &mut constants);
        members.push(declaration(&item));
    }
    close(&mut members, &mut constants);
    members
}

/// Puts the constants into an enumeration, after the type that they are of.
fn close(members: &mut Vec<String>, constants: &mut Vec<String>) {
    if !constants.is_empty() {
        members.push(format!("enum {{\n{}\n}};", constants.join(",\n")));
        constants.clear();
    }
}

/// `#define NAME number` as `NAME = number`, indented.
fn enumerator(item: &str) -> String {
    let (comment, constant) = item.split_once("#define ").unwrap_or_default();
    let text = format!("{}{}", short(comment), constant.replacen(' ', " = ", 1));
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// As cbindgen wrote it, except that a structure has its name as a tag, too.
fn declaration(item: &str) -> String {
    let tagged = format!("typedef struct {} {{", name(item));
    let item = item.replace("typedef struct {", &tagged);
    let (first, fields) = item.split_once("{\n").unwrap_or((&item, ""));
    if fields.is_empty() {
        return item.replace("BARKER_MUST_USE ", "BARKER_MUST_USE\n");
    }
    let fields = fields.split_inclusive(";\n").map(|field| match field.split_once("/**") {
        Some((indent, rest)) => format!("{indent}{}", short(&format!("/**{rest}"))),
        None => field.to_owned(),
    });
    format!("{first}{{\n{}", fields.collect::<String>())
}

/// A comment of one line on one line.
fn short(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').collect();
    match lines[..] {
        ["/**", line, end, ref rest @ ..] if end.trim() == "*/" => {
            let comment = format!("/** {} */", line.trim().trim_start_matches("* "));
            match comment.len() + 4 <= WIDTH {
                true => [&[comment.as_str()], rest].concat().join("\n"),
                false => text.to_owned(),
            }
        }
        _ => text.to_owned(),
    }
}
