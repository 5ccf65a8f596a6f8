internal import Domain
internal import Glibc
internal import Threads

/// What the fetch child is asked on its standard input, as JSON.
struct FetchRequest: Sendable {
    enum Operation: String, Sendable { case tip, fetch }

    var operation: Operation
    /// The mirror's folder; unused by `tip`.
    var directory: String
    var url: RemoteURL
    var reference: GitReference
    var credential: GitCredential?
    /// Throw away what the mirror holds first, because it is damaged.
    var startsAnew = false
    /// Whole seconds after which the child ends itself, should its parent be gone by then.
    var seconds: Int64

    var bytes: [UInt8] {
        let (kind, name) =
            switch reference {
            case .branch(let name): ("branch", name)
            case .tag(let name): ("tag", name)
            case .commit(let id): ("commit", id.text)
            }
        let value: Value = .members([
            "operation": .string(operation.rawValue), "directory": .string(directory),
            "url": .string(url.secretText), "reference": [kind: .string(name)].asValue,
            "credential": credential?.value, "startsAnew": .bool(startsAnew), "seconds": .integer(seconds),
        ])
        return value.canonicalBytes
    }

    init(
        _ operation: Operation,
        directory: String,
        url: RemoteURL,
        reference: GitReference,
        credential: GitCredential?,
        startsAnew: Bool = false,
        until deadline: Deadline
    ) {
        self.operation = operation
        self.directory = directory
        self.url = url
        self.reference = reference
        self.credential = credential
        self.startsAnew = startsAnew
        self.seconds = deadline.remaining.components.seconds + 5
    }

    init(bytes: [UInt8]) throws {
        let value = try Value(json: bytes)
        guard let operation = value["operation"]?.string.flatMap(Operation.init(rawValue:)),
            let directory = value["directory"]?.string, let url = value["url"]?.string,
            let reference = value["reference"], let startsAnew = value["startsAnew"]?.bool,
            let seconds = value["seconds"]?.integer
        else { throw Failure(.invalid, "The fetch child was asked something it does not know") }
        self.operation = operation
        self.directory = directory
        self.url = try RemoteURL(url)
        self.reference = try GitReference(reference.decode())
        credential = value["credential"].flatMap(GitCredential.init)
        self.startsAnew = startsAnew
        self.seconds = seconds
    }
}

extension FetchRequest {
    /// The most bytes a request has: a secret whose every byte JSON escapes, and the rest.
    static let largest = GitCredential.largestSecret * 6 + 65_536

    /// A text without the credentials that the request carries, for words that come from elsewhere.
    func redacting(_ text: String) -> String {
        let text = url.redacting(text)
        return credential?.redacting(text) ?? text
    }
}

extension [String: Value] {
    fileprivate var asValue: Value { .object(self) }
}

/// What the fetch child answers on its standard output, as JSON.
enum FetchReply: Sendable {
    case commit(CommitID)
    case failure(Failure)

    var bytes: [UInt8] {
        let value: Value =
            switch self {
            case .commit(let id): ["commit": .string(id.text)]
            case .failure(let failure):
                .members([
                    "code": .string(failure.code.rawValue), "message": .string(failure.message),
                    "outside": failure.outside.map { .string($0) },
                    "reason": failure.reason.map { .string($0) },
                ])
            }
        return value.canonicalBytes
    }

    /// - Throws: `JSONError`, or `Failure.internal` for another shape.
    init(bytes: [UInt8]) throws {
        let value = try Value(json: bytes)
        if let commit = value["commit"]?.string {
            self = .commit(CommitID(commit))
        } else if let code = value["code"]?.string.flatMap(Failure.Code.init(rawValue:)),
            let message = value["message"]?.string
        {
            self = .failure(
                Failure(code, message, outside: value["outside"]?.string, reason: value["reason"]?.string)
            )
        } else {
            throw Failure(.internal, "The fetch child answered something unknown")
        }
    }
}
