import Domain
import Glibc
import NIOCore

/// What the kernel says of the process at the other end of a unix socket (`struct ucred` of unix(7)).
struct PeerCredentials: Sendable {
    let processID: Int32
    let userID: UInt32
    let groupID: UInt32
}

/// The credentials the peer had when it connected; nobody can forge them.
///
/// *Throws* `Failure.unauthenticated` for a channel that is no socket.
func peerCredentials(of channel: any Channel) async throws -> PeerCredentials {
    guard let socket = channel as? any SocketOptionProvider else {
        throw Failure(.unauthenticated, "the connection has no peer credentials")
    }
    // The type has the layout of `struct ucred`: three 32-bit numbers.
    let option: EventLoopFuture<PeerCredentials> = socket.unsafeGetSocketOption(
        level: NIOBSDSocket.OptionLevel(rawValue: SOL_SOCKET),
        name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
    )
    return try await option.get()
}
