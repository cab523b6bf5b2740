//! Runs the program and looks at what it prints and what it leaves on the disk.

mod apply;
mod new;
mod sandbox;
mod terminal;
