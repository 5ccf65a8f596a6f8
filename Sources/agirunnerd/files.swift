import API
import Domain
import Glibc
import Secrets
import Synchronization
import Threads

/// Reads a token file, without the newline an editor may have left.
///
/// - Throws: `Failure.unavailable` when the file cannot be read, `.invalid` when it is empty.
func readToken(_ path: String) throws -> SecretText {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw Failure(.unavailable, "the token file \(path) cannot be read", outside: "errno \(errno)")
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    let token = bytes.prefix(max(0, count)).filter { $0 > 0x20 }
    guard !token.isEmpty else { throw Failure(.invalid, "the token file \(path) is empty") }
    return SecretText(token)
}

/// Holds a socket's lock file until the door closes.
let holdSocket: @Sendable (String) async throws -> SocketHold = { path in
    let hold = LockBox(try FileLock(path: path))
    return SocketHold { hold.release() }
}

/// A lock that a closure can hold, because a noncopyable value cannot be captured.
private final class LockBox: Sendable {
    private let lock: Mutex<FileLock?>

    init(_ lock: consuming FileLock) { self.lock = Mutex(lock) }

    func release() { lock.withLock { $0 = nil } }
}
