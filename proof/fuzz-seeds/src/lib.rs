//! Runs the fuzz targets over their committed seeds as ordinary tests: see `tests/seeds.rs`.
//!
//! The targets are the files of `proof/fuzz`, which is a workspace of its own because its programs are linked with libFuzzer. To
//! build that workspace takes three minutes; here the same files are modules of one test.
