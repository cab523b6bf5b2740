//! What holds for every project, however broken its files are: the check comes to an end, and
//! what it finds stands in the files.

use std::path::Path;

use marty::check;
use marty::model::source::Source;
use marty::project::contents::{Contents, ProjectFile, Role};
use proptest::prelude::{Strategy, any, proptest};
use proptest::sample::{Index, select};

/// What files are broken with: what opens, closes, escapes, and belongs to other formats.
const PIECES: &[&str] = &[
    "", "{", "}", "[", "]", "(", ")", "<", ">", "\"", "'", "`", "\\", "\n", "\r\n", "  ", "\t",
    "#", "-", ":", ",", ";", "=", "&a ", "*a", "<<: ", "|", ">-\n", "!", "---\n", "null", "1e9",
    "0.$q", "${a", "[[", "{{", "}}", "%", "%2D", "\u{feff}", "ü", "\u{0}", "](", "```\n", "* ",
    "rate(", "[5m]", " by (a)", "//", "/*", "r#\"", "'a ", "fn ", "=>",
];

/// Files of the roles that have none in the repository.
const WRITTEN: &[(&str, &str)] = &[
    (
        "observability/monitoring/prometheus/prometheus.yml",
        "rule_files: [rules/*.yml]\nscrape_configs:\n- job_name: a\n  static_configs: [{targets: [a:1], labels: {b: c}}]\n  file_sd_configs: [{files: [targets/*.json]}]\n  relabel_configs:\n  - {action: replace, target_label: d}\n",
    ),
    (
        "observability/monitoring/prometheus/targets/a.json",
        "[{\"targets\": [\"a:9081\"], \"labels\": {\"service\": \"a\"}}]\n",
    ),
    (
        "observability/monitoring/prometheus/rules/a.test.yml",
        "rule_files: [a.yml]\ntests:\n- input_series: [{series: 'up{a=\"b\"}', values: 1x5}]\n  alert_rule_test:\n  - {alertname: A, exp_alerts: [{}]}\n",
    ),
];

/// The places at which a file is changed: how many bytes go there, and what comes.
type Edits = Vec<(Index, u8, &'static str)>;

fn edits() -> impl Strategy<Value = Edits> {
    proptest::collection::vec((any::<Index>(), 0_u8..12, select(PIECES)), 1..6)
}

/// One file of every role, as it is shipped or lies in `tests/fixtures`.
fn files() -> Vec<(&'static str, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [
        ("marty.toml", "Cargo.toml"),
        ("Cargo.toml", "Cargo.toml"),
        ("services/a/src/lib.rs", "runtime/src/names/http.rs"),
        ("services/a/src/guard.rs", "src/model/rust/guard.rs"),
        (
            "services/a/observability/dashboards/a.json",
            "tests/fixtures/dashboards/panels.json",
        ),
        (
            "services/a/observability/dashboards/b.json",
            "tests/fixtures/dashboards/variables.json",
        ),
        ("services/a/observability/runbooks/a.md", "README.md"),
        (
            "observability/monitoring/prometheus/rules/a.yml",
            "tests/fixtures/rules/blocks.yml",
        ),
        (
            "observability/monitoring/prometheus/rules/b.yml",
            "tests/fixtures/rules/anchors.yml",
        ),
        (
            "observability/monitoring/prometheus/rules/c.yml",
            "tests/fixtures/rules/language.yml",
        ),
    ];
    let read = |(place, from): (&'static str, &str)| {
        (place, std::fs::read_to_string(root.join(from)).unwrap())
    };
    let written = WRITTEN
        .iter()
        .map(|(place, text)| (*place, (*text).to_owned()));
    places.map(read).into_iter().chain(written).collect()
}

fn edited(mut text: String, edits: &Edits) -> String {
    for (place, gone, piece) in edits {
        let start = text.floor_char_boundary(place.index(text.len() + 1));
        let end = text.ceil_char_boundary((start + usize::from(*gone)).min(text.len()));
        text.replace_range(start..end, piece);
    }
    text
}

fn looked_at(edits: &Edits) {
    let files = files().into_iter().map(|(path, text)| ProjectFile {
        role: Role::of(path).unwrap(),
        source: Source {
            path: path.to_owned(),
            text: edited(text, edits),
        },
    });
    let contents = Contents {
        files: files.collect(),
        ..Contents::default()
    };
    for finding in check::run(&contents) {
        let mut files = contents.files.iter();
        let file = files.find(|file| file.source.path == finding.path).unwrap();
        let found = file.source.text.get(finding.span.clone());
        assert!(found.is_some(), "{finding:?}");
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    #[test]
    fn broken_files_are_findings_and_findings_stand_in_files(edits in edits()) {
        looked_at(&edits);
    }
}
