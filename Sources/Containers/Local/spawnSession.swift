internal import CLinux
internal import Domain

/// Starts a program as the leader of a session of its own, with these three descriptors and no other.
///
/// bubblewrap dies with the *thread* that started it (PR_SET_PDEATHSIG), so the caller's thread must outlive
/// it.
/// - Throws: `Failure.invalid` for a NUL or too long an argument, `.notFound`, `.exhausted`.
func spawnSession(
    _ arguments: [String],
    environment: [String],
    input: Int32,
    output: Int32,
    error: Int32
) throws -> Int32 {
    guard !(arguments + environment).contains(where: { $0.utf8.contains(0) }) else {
        throw Failure(.invalid, "An argument of a command holds a NUL")
    }
    let pid = unsafe withCStrings(arguments) { argv in
        unsafe withCStrings(environment) { envp in
            unsafe ag_spawn_session(arguments[0], argv, envp, nil, input, output, error)
        }
    }
    return try answer(pid, "posix_spawn", "Starting \(arguments[0])")
}

/// Lends an array of C strings that ends with a null, as `execve` wants it.
private func withCStrings<Value>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes += string.utf8.map { CChar(bitPattern: $0) } + [0]
    }
    bytes.append(0)
    return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        // At least one byte and one element: both have a base address.
        guard let base = buffer.baseAddress else {
            preconditionFailure("an array with a byte has an address")
        }
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe []
        for offset in offsets { unsafe pointers.append(base + offset) }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { list in
            guard let first = list.baseAddress else {
                preconditionFailure("a list with an end has an address")
            }
            return unsafe body(first)
        }
    }
}
