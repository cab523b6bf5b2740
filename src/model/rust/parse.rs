//! From a source's text to its facts: positions, recursion limits and syntax errors.

use std::sync::LazyLock;

use proc_macro2::TokenStream;
use rayon::{ThreadPool, ThreadPoolBuilder};
use syn::visit::Visit as _;

use super::facts::Facts;
use super::guard;
use super::origin::Origin;
use super::visit::Visitor;
use crate::model::source::Issue;

/// Twice what the worst that [`guard`] lets through takes in a debug build, about 35 kB for every
/// token. Only what is used of it becomes memory.
const STACK_BYTES: usize = 256 << 20;

/// Threads with the stack that a recursive parser wants.
static DEEP: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    ThreadPoolBuilder::new()
        .stack_size(STACK_BYTES)
        .build()
        .ok()
});

/// Runs `work` on a thread on which [`facts`] need not change threads. To be put around reading
/// many files at once.
pub fn on_deep_stack<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    match &*DEEP {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// What `text` declares, or why it cannot be read.
#[must_use]
pub fn facts(text: &str) -> (Facts, Vec<Issue>) {
    if DEEP.is_none() {
        let message = "there is no thread to read this file on".to_owned();
        return (
            Facts::default(),
            vec![Issue {
                message,
                span: 0..0,
                hint: None,
            }],
        );
    }
    let read = on_deep_stack(|| {
        let read = read(text);
        // The record of positions would otherwise grow with every file.
        proc_macro2::extra::invalidate_current_thread_spans();
        read
    });
    match read {
        Ok(facts) => (facts, Vec::new()),
        Err(issue) => (Facts::default(), vec![issue]),
    }
}

fn read(text: &str) -> Result<Facts, Issue> {
    let origin = Origin::of(text);
    let tokens: TokenStream = origin
        .code()
        .parse()
        .map_err(|error: proc_macro2::LexError| lexical(&origin, &error))?;
    if let Some(span) = guard::too_complex(&tokens) {
        return Err(Issue {
            message: "nested too deeply to be read".to_owned(),
            span: origin.span(span.byte_range()),
            hint: Some("split the expression".to_owned()),
        });
    }
    let file: syn::File = syn::parse2(tokens).map_err(|error| syntax(&origin, &error))?;
    let mut visitor = Visitor::new(&origin);
    visitor.visit_file(&file);
    Ok(visitor.into_facts())
}

fn lexical(origin: &Origin<'_>, error: &proc_macro2::LexError) -> Issue {
    let span = origin.span(error.span().byte_range());
    let message = "a bracket, quote or character here cannot be read as Rust".to_owned();
    Issue {
        message,
        span,
        hint: None,
    }
}

fn syntax(origin: &Origin<'_>, error: &syn::Error) -> Issue {
    let start = error.span().byte_range();
    // An error at the end of the input has no token to stand at.
    let span = if error.to_string().starts_with("unexpected end of input") && start.start == 0 {
        origin.text.len()..origin.text.len()
    } else {
        origin.span(start)
    };
    Issue {
        message: error.to_string(),
        span,
        hint: None,
    }
}
