//! Records and data set names.
