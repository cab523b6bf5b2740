//! A strict reader of both exposition formats, and the proof that whatever a service writes can be read back.

use std::collections::{BTreeMap, BTreeSet};

use marty_runtime::axum::Router;
use marty_runtime::metric::{CounterFamily, LabelValues, Labels};
use proptest::prelude::*;

use crate::support::{Live, get, get_with, service};

/// What a scrape says, by family.
pub(crate) type Scrape = BTreeMap<String, Family>;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Family {
    pub(crate) help: String,
    pub(crate) kind: String,
    pub(crate) samples: Vec<Sample>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
    /// The labels of its exemplar, and the value.
    pub(crate) exemplar: Option<(Vec<(String, String)>, f64)>,
}

/// Reads a scrape and refuses whatever the format does not allow.
pub(crate) fn read(text: &str, open_metrics: bool) -> Result<Scrape, String> {
    let mut scrape = Scrape::new();
    let mut current = String::new();
    let mut body = text;
    if open_metrics {
        body = text.strip_suffix("# EOF\n").ok_or("no end mark")?;
    }
    if !body.is_empty() && !body.ends_with('\n') {
        return Err("no newline at the end".to_owned());
    }
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or(line)?;
            let family = Family {
                help: unescape(help, open_metrics)?,
                ..Family::default()
            };
            if scrape.insert(name.to_owned(), family).is_some() {
                return Err(format!("{name} comes twice"));
            }
            name.clone_into(&mut current);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or(line)?;
            let family = scrape
                .get_mut(name)
                .filter(|_| name == current)
                .ok_or(line)?;
            kind.clone_into(&mut family.kind);
        } else {
            let (line, exemplar) = match line.split_once(" # ") {
                Some((line, exemplar)) if open_metrics => (line, Some(exemplar)),
                _ => (line, None),
            };
            let mut sample = sample(line)?;
            sample.exemplar = exemplar.map(read_exemplar).transpose()?;
            let family = scrape.get_mut(&current).ok_or(line)?;
            belongs(&sample, &current, &family.kind, open_metrics)?;
            family.samples.push(sample);
        }
    }
    Ok(scrape)
}

fn belongs(sample: &Sample, family: &str, kind: &str, open_metrics: bool) -> Result<(), String> {
    let suffix = sample
        .name
        .strip_prefix(family)
        .ok_or_else(|| format!("{sample:?} in {family}"))?;
    let allowed: &[&str] = match (kind, open_metrics) {
        ("counter", true) => &["_total"],
        ("counter" | "gauge", _) => &[""],
        ("histogram", _) => &["_bucket", "_sum", "_count"],
        _ => return Err(format!("kind {kind:?}")),
    };
    let bound = sample
        .labels
        .iter()
        .find(|(name, _)| name == "le")
        .map(|(_, value)| value.as_str());
    if sample.exemplar.is_some() && suffix != "_bucket" {
        return Err(format!("{sample:?}"));
    }
    let bound_fits = match bound {
        Some("+Inf") => suffix == "_bucket",
        Some(bound) => {
            suffix == "_bucket"
                && bound.parse::<f64>().is_ok()
                && (!open_metrics || bound.contains('.'))
        }
        None => suffix != "_bucket",
    };
    (allowed.contains(&suffix) && bound_fits)
        .then_some(())
        .ok_or_else(|| format!("{sample:?}"))
}

fn sample(line: &str) -> Result<Sample, String> {
    let end = line.find(['{', ' ']).ok_or(line)?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, quoted) = rest.split_once("=\"").ok_or(line)?;
            let end = closing_quote(quoted).ok_or(line)?;
            labels.push((label.to_owned(), unescape(&quoted[..end], true)?));
            rest = &quoted[end + 1..];
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').ok_or(line)?;
    }
    let value = rest.strip_prefix(' ').ok_or(line)?;
    let value = match value {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        other => other.parse().map_err(|_| line)?,
    };
    let names = labels.iter().map(|(name, _)| name.as_str()).chain([name]);
    for name in names {
        let sound = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !sound {
            return Err(format!("name {name:?}"));
        }
    }
    Ok(Sample {
        name: name.to_owned(),
        labels,
        value,
        exemplar: None,
    })
}

/// Reads labels of at most 128 characters in all, a value and a time in seconds.
fn read_exemplar(text: &str) -> Result<(Vec<(String, String)>, f64), String> {
    let (start, time) = text.rsplit_once(' ').ok_or(text)?;
    let read = sample(&format!("exemplar{start}"))?;
    let characters = read.labels.iter();
    let characters: usize = characters
        .map(|(name, value)| name.chars().count() + value.chars().count())
        .sum();
    let seconds: f64 = time.parse().map_err(|_| text)?;
    if characters > 128 || seconds < 1e9 || read.labels.is_empty() {
        return Err(text.to_owned());
    }
    Ok((read.labels, read.value))
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(place, character)| {
        let closes = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        closes.then_some(place)
    })
}

fn unescape(text: &str, quotes: bool) -> Result<String, String> {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('"') if quotes => '"',
                other => return Err(format!("escape {other:?} in {text:?}")),
            },
            '"' if quotes => return Err(format!("bare quote in {text:?}")),
            other => other,
        });
    }
    Ok(plain)
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Anything(String, String);

impl Labels for Anything {
    const NAMES: &'static [&'static str] = &["one", "other"];

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0.clone());
        values.push(self.1.clone());
    }
}

static ANYTHING: CounterFamily<Anything> =
    marty_runtime::counter!("anything", "Help with \"quotes\", a \\ and\na second line.");

#[test]
fn reads_back_whatever_labels_hold() {
    let live = Live::start(service(Router::new()).metric(&ANYTHING));
    let values = ("(?s).{0,12}", "[\"\\\\\n,={} ]{0,6}");
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(128)
    };
    proptest!(config, |((one, other) in values)| {
        let labels = Anything(one.clone(), other.clone());
        ANYTHING.get(&labels).inc();
        let expected = vec![("one".to_owned(), one), ("other".to_owned(), other)];
        for (accept, family, open_metrics) in [
            ("text/plain", "anything_total", false),
            ("application/openmetrics-text", "anything", true),
        ] {
            let answer = get_with(live.admin, "/metrics", &format!("accept: {accept}\r\n"));
            // Lines end at `\n` alone: `str::lines` would drop a `\r` that belongs to a value's end only before `\n`, which is escaped.
            let scrape = read(&answer.body, open_metrics).unwrap();
            let family = &scrape[family];
            prop_assert_eq!(&family.help, ANYTHING.help());
            prop_assert!(family.samples.iter().any(|sample| sample.labels == expected && sample.value >= 1.0));
        }
    });
    live.stop().unwrap();
}

#[test]
fn answers_in_the_format_that_was_asked_for() {
    let live = Live::start(service(Router::new()));
    let text = get(live.admin, "/metrics");
    assert_eq!(
        text.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = read(&text.body, false).unwrap();
    let open = get_with(
        live.admin,
        "/metrics",
        "accept: application/openmetrics-text\r\n",
    );
    assert_eq!(
        open.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let open = read(&open.body, true).unwrap();
    let full_names = open
        .iter()
        .map(|(name, family)| match family.kind.as_str() {
            "counter" => format!("{name}_total"),
            _ => name.clone(),
        });
    let full_names: BTreeSet<_> = full_names.collect();
    assert_eq!(full_names, text.into_keys().collect());
    live.stop().unwrap();
}
