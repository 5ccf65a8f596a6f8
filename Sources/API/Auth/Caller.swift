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
