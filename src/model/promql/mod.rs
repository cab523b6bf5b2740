//! PromQL with byte positions and Grafana variables.
//!
//! Our own parser because no other keeps positions, recovers, and accepts the variables that half
//! of all dashboard queries contain. It holds the language only: what metrics exist is not known here.
//!
//! The language is that of Prometheus 3 with its experimental functions, duration arithmetic and,
//! beyond Prometheus, `or` between matchers. Of regular expressions only groups, classes and
//! repetitions are checked. Expressions nest at most 100 levels and have at most 1000 operators,
//! because trees are walked recursively.

pub mod ast;
mod brackets;
mod call;
mod cursor;
mod expression;
mod lexer;
mod literal;
mod matchers;
mod matching;
pub mod pattern;
mod selector;
mod signature;
pub mod strict;
mod token;
mod typing;

#[cfg(test)]
mod tests;

pub use expression::parse;
