/// Who sends a request.
struct Caller: Sendable, Hashable {
    /// `unix:<uid>` or `anonymous`.
    let subject: String
    /// The peer's user on a unix socket, from the kernel; nil on TCP.
    let userID: UInt32?

    static let anonymous = Caller(subject: "anonymous", userID: nil)

    init(userID: UInt32) {
        subject = "unix:\(userID)"
        self.userID = userID
    }

    private init(subject: String, userID: UInt32?) {
        self.subject = subject
        self.userID = userID
    }
}

/// Lets root and the user that runs the program do everything, and nobody else anything.
package func ownerMayDoEverything(
    userID: UInt32
) -> @Sendable (_ subject: String, _ verb: String, _ kind: String?, _ namespace: String?) async throws -> Bool
{
    { subject, _, _, _ in subject == "unix:0" || subject == "unix:\(userID)" }
}
