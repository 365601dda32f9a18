//! `copytaster bench`: pass-through and the whole pipeline side by side on the user's own server.

mod copy;

pub use copy::Wire;
