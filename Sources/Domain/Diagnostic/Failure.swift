/// An operation that could not be done: a closed code, what happened, and the code of the outside world.
package struct Failure: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; callers branch on this and nothing else.
    package enum Code: String, Sendable, Codable {
        case notFound, alreadyExists, conflict, invalid, forbidden, unauthenticated, expired
        case unavailable, timeout, cancelled, exhausted, corrupted, unsupported, `internal`
    }

    /// The closed code.
    package let code: Code
    /// One sentence for the person who runs the process.
    package let message: String
    /// The code of the outside world (SQLSTATE, libgit2, HTTP status, errno name), when there is one.
    package let outside: String?
    /// A stable snake_case reason when a rule refused, else nil.
    package let reason: String?
    /// What caused it, as text.
    package let cause: String?

    /// A failure with its code and message.
    package init(
        _ code: Code,
        _ message: String,
        outside: String? = nil,
        reason: String? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.outside = outside
        self.reason = reason
        self.cause = cause.map { "\($0)" }
    }

    package var description: String {
        let details = [outside.map { "[\($0)]" }, cause.map { ": \($0)" }].compactMap { $0 }.joined()
        return details.isEmpty ? message : "\(message) \(details)"
    }

    /// Whether trying the same again later may help.
    package var isTransient: Bool { [.unavailable, .timeout, .exhausted].contains(code) }
}
