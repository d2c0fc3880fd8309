//! The filter deck: cards, records, and the checked [`Config`] they make.

mod model;
pub mod rules;

pub use model::*;
