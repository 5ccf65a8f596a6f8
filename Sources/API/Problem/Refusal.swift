import Domain
import HTTPTypes

/// A request that is answered with an error, in the words of the Kubernetes API.
struct Refusal: Error, Sendable {
    enum Reason: String, Sendable, CaseIterable {
        case badRequest = "BadRequest"
        case unauthorized = "Unauthorized"
        case forbidden = "Forbidden"
        case notFound = "NotFound"
        case methodNotAllowed = "MethodNotAllowed"
        case notAcceptable = "NotAcceptable"
        case alreadyExists = "AlreadyExists"
        case conflict = "Conflict"
        case expired = "Expired"
        case tooLarge = "RequestEntityTooLarge"
        case unsupportedMediaType = "UnsupportedMediaType"
        case invalid = "Invalid"
        case tooManyRequests = "TooManyRequests"
        case internalError = "InternalError"
        case serviceUnavailable = "ServiceUnavailable"
        case timeout = "Timeout"

        var status: HTTPResponse.Status {
            switch self {
            case .badRequest: .badRequest
            case .unauthorized: .unauthorized
            case .forbidden: .forbidden
            case .notFound: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .notAcceptable: .notAcceptable
            case .alreadyExists, .conflict: .conflict
            case .expired: .gone
            case .tooLarge: .contentTooLarge
            case .unsupportedMediaType: .unsupportedMediaType
            case .invalid: .unprocessableContent
            case .tooManyRequests: .tooManyRequests
            case .internalError: .internalServerError
            case .serviceUnavailable: .serviceUnavailable
            case .timeout: .gatewayTimeout
            }
        }
    }

    /// One thing that was wrong with the request.
    struct Cause: Sendable, Hashable {
        var reason: String
        var message: String
        var field: String?
    }

    /// What the request was about.
    struct Subject: Sendable, Hashable {
        /// The plural, as in the URL.
        var plural: String
        var name: String?
    }

    var reason: Reason
    var message: String
    var causes: [Cause] = []
    var subject: Subject?
    /// A stable snake_case reason when a rule refused.
    var code: String?
    var allow: String?
    var retryAfterSeconds: Int?

    init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// This refusal, about an object or a kind when it is about nothing yet.
    func about(_ kind: Kind, _ name: String?) -> Refusal {
        var refusal = self
        if refusal.subject == nil { refusal.subject = Subject(plural: kind.plural, name: name) }
        return refusal
    }
}

extension Refusal {
    /// The `Status` object of the Kubernetes API.
    var statusObject: Value {
        let details = Value.members([
            "name": (subject?.name).map { .string($0) },
            "group": subject.map { _ in .string(Kind.group) },
            "kind": (subject?.plural).map { .string($0) },
            "causes": causes.isEmpty && code == nil ? nil : .array(allCauses.map(\.value)),
            "retryAfterSeconds": retryAfterSeconds.map { .integer(Int64($0)) },
        ])
        return .members([
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
            "message": .string(message), "reason": .string(reason.rawValue),
            "code": .integer(Int64(reason.status.code)), "details": details == [:] ? nil : details,
        ])
    }

    /// The problem document of RFC 9457 that plain routes answer with.
    var problemDocument: Value {
        .members([
            "type": "about:blank", "title": .string(reason.status.reasonPhrase),
            "status": .integer(Int64(reason.status.code)), "detail": .string(message),
            "reason": .string(code ?? reason.snakeCase),
            "errors": causes.isEmpty ? nil : .array(causes.map(\.value)),
            "retryAfter": retryAfterSeconds.map { .integer(Int64($0)) },
        ])
    }

    private var allCauses: [Cause] {
        causes + (code.map { [Cause(reason: $0, message: message, field: nil)] } ?? [])
    }
}

extension Refusal.Cause {
    fileprivate var value: Value {
        .members(["reason": .string(reason), "message": .string(message), "field": field.map { .string($0) }])
    }
}

extension Refusal.Reason {
    fileprivate var snakeCase: String {
        String(rawValue.enumerated().flatMap { $0 > 0 && $1.isUppercase ? ["_", $1] : [$1] }).lowercased()
    }
}
