//! Facts about the parser.
