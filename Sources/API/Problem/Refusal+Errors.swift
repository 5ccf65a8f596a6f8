import Domain
import Logging
import NIOCore

extension Refusal {
    /// The answer to whatever a handler threw.
    ///
    /// The caller learns a `Failure`'s message only when the fault is theirs; what is ours goes to the log,
    /// so that no statement, path or stack of ours reaches a client.
    init(answering error: any Error, logger: Logger) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let invalid as InvalidObject: self.init(invalid.diagnostics)
        case let conflict as FieldConflict: self.init(conflict)
        case let failure as Failure:
            self.init(failure)
            guard reason.isOurs else { return }
            logger.error("a request failed", metadata: ["error": "\(failure)", "code": "\(failure.code)"])
        case is NIOTooManyBytesError:
            self.init(.tooLarge, "the body is larger than this door takes")
        case is CancellationError:
            self.init(.serviceUnavailable, "the server is shutting down; try again")
            retryAfterSeconds = 1
        default:
            self.init(.internalError, "the request could not be answered; the server's log says why")
            logger.error("a request failed", metadata: ["error": "\(error)"])
        }
    }

    private init(_ failure: Failure) {
        switch failure.code {
        case .notFound: self.init(.notFound, failure.message)
        case .alreadyExists: self.init(.alreadyExists, failure.message)
        case .conflict: self.init(.conflict, failure.message)
        case .invalid: self.init(.invalid, failure.message)
        case .unsupported: self.init(.badRequest, failure.message)
        case .forbidden: self.init(.forbidden, failure.message)
        case .unauthenticated: self.init(.unauthorized, failure.message)
        case .expired: self.init(.expired, failure.message)
        case .exhausted:
            self.init(.tooManyRequests, failure.message)
            retryAfterSeconds = 1
        case .timeout: self.init(.timeout, "the request took too long; try again")
        case .unavailable, .cancelled:
            self.init(.serviceUnavailable, "something the request needs cannot be reached now; try again")
            retryAfterSeconds = 1
        case .corrupted, .internal:
            self.init(.internalError, "the request could not be answered; the server's log says why")
        }
        code = failure.reason
    }

    /// *Source*: the causes of a conflict of server-side apply in the Kubernetes API.
    private init(_ conflict: FieldConflict) {
        self.init(.conflict, conflict.message)
        code = conflict.isWithGit ? "owned_by_git" : "field_conflict"
        causes = conflict.claims.map {
            Cause(reason: "FieldManagerConflict", message: $0.words, field: ".\($0.field)")
        }
    }

    private init(_ diagnostics: [Diagnostic]) {
        let first = diagnostics.sorted().first
        let name = first?.object.map { "\($0) " } ?? ""
        let more = diagnostics.count > 1 ? " (and \(diagnostics.count - 1) more)" : ""
        self.init(.invalid, "\(name)is invalid: \(first?.sentence ?? "it breaks a rule")\(more)")
        causes = diagnostics.sorted().map {
            Cause(reason: "FieldValueInvalid", message: $0.words, field: $0.field)
        }
    }
}

extension Refusal.Reason {
    fileprivate var isOurs: Bool { [.internalError, .serviceUnavailable, .timeout].contains(self) }
}

extension Diagnostic {
    /// What is wrong, and the fix; without the field at its front, which is told beside it.
    fileprivate var words: String {
        let name = field.map { "\($0) " } ?? ""
        let words = message.hasPrefix(name) ? String(message.dropFirst(name.count)) : message
        return fix.map { "\(words); \($0)" } ?? words
    }

    /// The field and the words.
    fileprivate var sentence: String { field.map { "\($0): \(words)" } ?? words }
}
