import API
import Domain
import Secrets
import Synchronization
import Threads

/// Reads a token file, without the newline an editor may have left.
///
/// - Throws: `Failure.unavailable` when the file cannot be read, `.invalid` when it is empty.
func readToken(_ path: String) throws -> SecretText {
    let bytes: [UInt8]
    do { bytes = try fileContent(path, limit: 512) } catch {
        throw Failure(.unavailable, "the token file \(path) cannot be read", cause: error)
    }
    let token = bytes.filter { $0 > 0x20 }
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
