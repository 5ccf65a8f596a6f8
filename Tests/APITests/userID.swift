import Glibc

/// The user that runs the tests.
func userID() -> UInt32 { getuid() }
