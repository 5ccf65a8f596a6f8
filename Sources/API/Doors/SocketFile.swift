import Domain
import Glibc

/// Where a door listens.
package enum DoorAddress: Sendable, Hashable, CustomStringConvertible {
    /// A port of 0 lets the system choose; the report names the choice.
    case tcp(host: String, port: Int)
    /// `mode` is set as soon as the socket exists; until then the process's file mode mask counts.
    case unix(path: String, mode: UInt32)

    package var description: String {
        switch self {
        case .tcp(let host, let port): "\(host):\(port)"
        case .unix(let path, _): path
        }
    }
}

/// What a socket's file must be before and after somebody listens on it.
enum SocketFile {
    /// Bytes; `sun_path` of unix(7) without its final zero.
    static let longestPath = 107

    /// Whether the path can be that of a socket.
    ///
    /// *Throws* `Failure.invalid`.
    static func check(_ path: String) throws {
        guard path.utf8.count <= longestPath else {
            throw Failure(
                .invalid,
                "the path of a socket must have at most \(longestPath) bytes, and this one has "
                    + "\(path.utf8.count): "
                    + "\(path); choose a shorter state folder"
            )
        }
    }

    /// Lets only those connect who may write to the file.
    ///
    /// *Throws* `Failure.internal` with the name of the errno.
    static func setMode(_ path: String, _ mode: UInt32) throws {
        guard unsafe chmod(path, mode) == 0 else {
            throw Failure(.internal, "the mode of \(path) cannot be set", outside: "errno \(errno)")
        }
    }

    /// Removes the file; there is nothing to do when it is gone.
    static func remove(_ path: String) { _ = unsafe unlink(path) }
}
