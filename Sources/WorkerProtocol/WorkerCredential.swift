package import Secrets

/// What a request on the worker door proves: the bearer token and who sits at the other end of the socket.
package struct WorkerCredential: Sendable {
    package let token: SecretText
    /// The peer's user, from the kernel.
    package let userID: UInt32

    /// A credential of its parts.
    package init(token: SecretText, userID: UInt32) {
        self.token = token
        self.userID = userID
    }
}
