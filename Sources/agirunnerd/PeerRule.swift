import API
import Domain
import Glibc
import Secrets

/// Who may come through a unix socket.
enum PeerRule {
    /// The user that runs this process.
    static var ownUserID: UInt32 { getuid() }

    /// Whether a subject of the control door is org_admin: the user that runs `agirunnerd`, or root.
    static func isOwner(subject: String) -> Bool { subject == "unix:\(ownUserID)" || subject == "unix:0" }

    /// Whether a peer of the worker door runs as the same user as this process, or as root.
    static func isOwner(userID: UInt32) -> Bool { userID == ownUserID || userID == 0 }

    /// *Throws* `Failure(.forbidden)` for a peer of the worker door that is somebody else.
    static func check(_ credential: WorkerCredential) throws {
        guard isOwner(userID: credential.userID) else {
            throw Failure(.forbidden, "only the user that runs agirunnerd may come through this door")
        }
    }
}

/// Reads a token file, without the newline an editor may have left.
///
/// *Throws* `Failure(.unavailable)` when the file cannot be read, `.invalid` when it is empty.
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
