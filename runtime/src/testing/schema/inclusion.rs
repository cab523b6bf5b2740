//! Whether who reads by one schema can read all that is written by another. It knows nothing of versions and files.
//!
//! Fields that a schema of an object does not name are written by nobody, and read over unless the schema refuses them. What
//! cannot be decided, such as whether one pattern has all texts of another, is taken for a difference.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    branch::{Branch, branches},
    difference::{Difference, What},
    keyword,
    kind::Kind,
    range::Range,
};

/// Compares what is written with what is read.
pub(super) struct Inclusion<'a> {
    /// The document that the schemas of what is written are in.
    pub(super) written: &'a Value,
    /// The document that the schemas of what is read are in.
    pub(super) read: &'a Value,
    /// Whether a field that is written has to be known to who reads.
    pub(super) keeps: bool,
    /// What is being compared already, so that a type within itself comes to an end.
    pub(super) begun: Vec<(Value, Value)>,
}

const NOTHING: &[Value] = &[];

/// The schema that every value fits.
const ANY: Value = Value::Bool(true);

impl Inclusion<'_> {
    /// How values of `written` at `path` differ from those of `read`.
    pub(super) fn compare(&mut self, path: &str, written: &Value, read: &Value) -> Vec<Difference> {
        let pair = (written.clone(), read.clone());
        if self.begun.contains(&pair) {
            return Vec::new();
        }
        self.begun.push(pair);
        let (written, read) = (branches(written, self.written), branches(read, self.read));
        let found = written.iter().flat_map(|one| self.among(path, one, &read));
        let found = found.collect();
        self.begun.pop();
        found
    }

    /// How values of one branch differ from the most alike of `read`.
    fn among(&mut self, path: &str, written: &Branch, read: &[Branch]) -> Vec<Difference> {
        let alike = read.iter().filter(|other| other.kind == written.kind);
        let compared: Vec<_> = alike.map(|it| self.branch(path, written, it)).collect();
        if let Some(common) = in_all(path, &compared) {
            return vec![common];
        }
        let weight = |found: &Vec<Difference>| found.iter().map(Difference::weight).sum::<usize>();
        let least = compared.into_iter().min_by_key(weight);
        least.unwrap_or_else(|| vec![unlike(path, written, read)])
    }

    fn branch(&mut self, path: &str, written: &Branch, read: &Branch) -> Vec<Difference> {
        let unlike = || vec![unlike(path, written, std::slice::from_ref(read))];
        if let Some(constant) = &read.constant {
            let same = written.constant.as_ref() == Some(constant);
            return if same { Vec::new() } else { unlike() };
        }
        let same = |name: &String| read.keywords.get(name) == written.keywords.get(name);
        let mut strange = read
            .keywords
            .keys()
            .filter(|name| !keyword::is_understood(name));
        if !strange.all(same) {
            return unlike();
        }
        match written.kind {
            Kind::Null | Kind::Boolean => Vec::new(),
            Kind::Number if is_number_of(written, read) => Vec::new(),
            Kind::Text if is_text_of(written, read) => Vec::new(),
            Kind::List if is_as_long_as(written, read) => self.list(path, written, read),
            Kind::Object if is_as_large_as(written, read) => self.object(path, written, read),
            Kind::Number | Kind::Text | Kind::List | Kind::Object => unlike(),
        }
    }

    fn list(&mut self, path: &str, written: &Branch, read: &Branch) -> Vec<Difference> {
        let places = [written, read].map(|it| listed(it, "prefixItems").len());
        let first = places.into_iter().max().unwrap_or_default();
        let longest = bound(written, "maxItems").unwrap_or(usize::MAX);
        let at = |of: &Branch, place: usize| {
            let first = listed(of, "prefixItems").get(place);
            first
                .or_else(|| of.keywords.get("items"))
                .cloned()
                .unwrap_or(ANY)
        };
        let mut found = Vec::new();
        for place in 0..first.min(longest) {
            let path = format!("{path}[{place}]");
            found.extend(self.compare(&path, &at(written, place), &at(read, place)));
        }
        if first < longest {
            let path = format!("{path}[]");
            found.extend(self.compare(&path, &at(written, first), &at(read, first)));
        }
        found
    }

    fn object(&mut self, path: &str, written: &Branch, read: &Branch) -> Vec<Difference> {
        let mut found = lacking(path, written, read);
        let names = named(written, "properties").chain(named(read, "properties"));
        let names: BTreeSet<&str> = names.map(|(name, _)| name.as_str()).collect();
        for name in names {
            found.extend(self.field(path, name, written, read));
        }
        found.extend(self.further(path, written, read));
        found
    }

    /// The field `name`, which at least one of both knows.
    fn field(
        &mut self,
        path: &str,
        name: &str,
        written: &Branch,
        read: &Branch,
    ) -> Vec<Difference> {
        let own = |of: &Branch| member(of, "properties", name);
        let more = |of: &Branch| of.keywords.get("additionalProperties").cloned();
        let path = join(path, name);
        // What is written under a name that is not declared is written on purpose, as a map is, or not at all.
        let Some(schema) = own(written).or_else(|| more(written)) else {
            return Vec::new();
        };
        match own(read).or_else(|| more(read)) {
            None if self.keeps && own(written).is_some() => vec![Difference::new(path, What::Gone)],
            None => Vec::new(),
            Some(_) if schema == Value::Bool(false) => Vec::new(),
            Some(Value::Bool(false)) => vec![Difference::new(path, What::Refused)],
            Some(read) => self.compare(&path, &schema, &read),
        }
    }

    /// What fields may have that are declared by no name, as those of a map.
    fn further(&mut self, path: &str, written: &Branch, read: &Branch) -> Vec<Difference> {
        let more = |of: &Branch| of.keywords.get("additionalProperties").cloned();
        let mut found = Vec::new();
        let patterns = named(written, "patternProperties").chain(named(read, "patternProperties"));
        let patterns: BTreeSet<&str> = patterns.map(|(name, _)| name.as_str()).collect();
        let sides = patterns.into_iter().map(|pattern| {
            let own = |of: &Branch| member(of, "patternProperties", pattern);
            (
                own(written).or_else(|| more(written)),
                own(read).or_else(|| more(read)),
            )
        });
        for side in sides.chain([(more(written), more(read))]) {
            if let (Some(written), Some(read)) = side {
                found.extend(self.compare(&join(path, "*"), &written, &read));
            }
        }
        found
    }
}

/// What none of several takes: the values at `path` themselves, or one that tells variants apart.
fn in_all(path: &str, compared: &[Vec<Difference>]) -> Option<Difference> {
    let (first, others) = compared
        .split_first()
        .filter(|(_, others)| !others.is_empty())?;
    first.iter().find_map(|difference| {
        let What::Unlike { written, read } = &difference.what else {
            return None;
        };
        if difference.path != path && !written.starts_with('`') {
            return None;
        }
        let mut taken = vec![read.clone()];
        for other in others {
            let theirs = other
                .iter()
                .find_map(|it| it.taken_for(&difference.path, written))?;
            if !taken.iter().any(|it| it == theirs) {
                taken.push(theirs.to_owned());
            }
        }
        let what = What::Unlike {
            written: written.clone(),
            read: taken.join(" or "),
        };
        Some(Difference::new(difference.path.clone(), what))
    })
}

/// The fields that who reads requires, and that may be missing.
fn lacking(path: &str, written: &Branch, read: &Branch) -> Vec<Difference> {
    let there = listed(written, "required");
    let required = listed(read, "required").iter();
    let lacking = required.filter(|name| !there.contains(name));
    let names = lacking.filter_map(Value::as_str);
    names
        .map(|name| Difference::new(join(path, name), What::Missing))
        .collect()
}

/// What none of `read` is like.
fn unlike(path: &str, written: &Branch, read: &[Branch]) -> Difference {
    let read: Vec<String> = read.iter().map(Branch::describe).collect();
    let (written, read) = (written.describe(), read.join(" or "));
    Difference::new(path.to_owned(), What::Unlike { written, read })
}

fn is_number_of(written: &Branch, read: &Branch) -> bool {
    if let Some(constant) = &written.constant {
        let alone =
            Map::from_iter(["minimum", "maximum"].map(|name| (name.to_owned(), constant.clone())));
        let whole = written.is_whole() || !read.is_whole();
        let multiple = !read.keywords.contains_key("multipleOf");
        return whole && multiple && Range::of(&alone).is_within(Range::of(&read.keywords));
    }
    let multiple = read.keywords.get("multipleOf");
    (written.is_whole() || !read.is_whole())
        && (multiple.is_none() || multiple == written.keywords.get("multipleOf"))
        && Range::of(&written.keywords).is_within(Range::of(&read.keywords))
}

fn is_text_of(written: &Branch, read: &Branch) -> bool {
    let forms = ["contentEncoding", "contentMediaType", "format", "pattern"];
    let same = |name: &&str| {
        let asked = read.keywords.get(*name);
        asked.is_none() || asked == written.keywords.get(*name)
    };
    let length = written.constant.as_ref().and_then(Value::as_str);
    let length = length.map(|text| text.chars().count());
    forms.iter().all(same) && is_between(written, read, ["minLength", "maxLength"], length)
}

fn is_as_long_as(written: &Branch, read: &Branch) -> bool {
    let once = "uniqueItems";
    let asked = read
        .keywords
        .get(once)
        .filter(|it| **it == Value::Bool(true));
    (asked.is_none() || asked == written.keywords.get(once))
        && is_between(written, read, ["minItems", "maxItems"], None)
}

fn is_as_large_as(written: &Branch, read: &Branch) -> bool {
    let names = read.keywords.get("propertyNames");
    (names.is_none() || names == written.keywords.get("propertyNames"))
        && is_between(written, read, ["minProperties", "maxProperties"], None)
}

/// Whether lengths of what is written are among those of what is read.
fn is_between(written: &Branch, read: &Branch, ends: [&str; 2], exact: Option<usize>) -> bool {
    let [least, most] = ends.map(|name| bound(read, name));
    let [low, high] = ends.map(|name| exact.or_else(|| bound(written, name)));
    low.unwrap_or_default() >= least.unwrap_or_default()
        && most.is_none_or(|most| high.is_some_and(|high| high <= most))
}

fn bound(of: &Branch, name: &str) -> Option<usize> {
    let number = of.keywords.get(name)?.as_u64()?;
    usize::try_from(number).ok()
}

fn listed<'a>(of: &'a Branch, name: &str) -> &'a [Value] {
    let list = of.keywords.get(name).and_then(Value::as_array);
    list.map_or(NOTHING, Vec::as_slice)
}

fn named<'a>(of: &'a Branch, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let object = of.keywords.get(name).and_then(Value::as_object);
    object.into_iter().flatten()
}

fn member(of: &Branch, name: &str, member: &str) -> Option<Value> {
    of.keywords.get(name)?.get(member).cloned()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
