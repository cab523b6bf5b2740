//! Runs the program and looks at what it prints and what it leaves on the disk.

mod apply;
mod corpora;
mod golden;
mod live;
mod new;
mod sandbox;
mod server;
mod terminal;
