//! The command `lockgate`; see the library of the same name.

fn main() -> lockgate::exit::Exit {
    lockgate::main()
}
