import Domain
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// One request on its way to a handler.
struct Call: Sendable {
    let request: Request
    let channel: any Channel
    let logger: Logger
    let query: Query
    /// What the route's pattern named, percent-decoded.
    var parameters: [String: String] = [:]
    var caller: Caller = .anonymous

    init(_ request: Request, channel: any Channel, logger: Logger) {
        self.request = request
        self.channel = channel
        self.logger = logger
        query = Query(request.uri.query ?? "")
    }

    var headers: HTTPFields { request.headers }

    /// The kind the path names by its plural.
    ///
    /// *Throws* ``Refusal`` 404.
    func kind() throws -> Kind {
        let plural = parameters["plural"] ?? ""
        guard let kind = Kind.all.first(where: { $0.plural == plural }) else {
            throw Refusal(.notFound, "the server could not find the requested resource")
        }
        guard kind.isNamespaced || parameters["namespace"] == nil else {
            throw Refusal(.notFound, "\(kind.plural) belong to no namespace")
        }
        return kind
    }

    /// The key the path names.
    ///
    /// *Throws* ``Refusal`` 404 when kind and namespace do not go together.
    func key() throws -> ObjectKey {
        let kind = try kind()
        guard kind.isNamespaced == (parameters["namespace"] != nil) else {
            throw Refusal(.notFound, "\(kind.plural) belong to a namespace, which the path must name")
        }
        return ObjectKey(kind.name, namespace: parameters["namespace"], name: parameters["name"] ?? "")
    }

    /// The body as one JSON value.
    ///
    /// *Throws* ``Refusal`` 400, or NIO's error for too many bytes.
    func jsonBody(upTo limit: Int) async throws -> Value {
        let body = try await request.body.collect(upTo: limit)
        do {
            return try Value(json: body.readableBytesView)
        } catch let error as JSONError {
            throw Refusal(.badRequest, "the body must be JSON: \(error.message) at byte \(error.offset)")
        }
    }
}

/// The parameters of a URL's query.
struct Query: Sendable, Hashable {
    private let pairs: [(name: String, value: String)]

    init(_ text: String) {
        pairs = text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                percentDecoded(parts[0], plusIsSpace: true),
                parts.count > 1 ? percentDecoded(parts[1], plusIsSpace: true) : ""
            )
        }
    }

    static func == (left: Query, right: Query) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0 == $1 }
    }

    func hash(into hasher: inout Hasher) {
        for pair in pairs {
            hasher.combine(pair.name)
            hasher.combine(pair.value)
        }
    }

    /// The first value of a parameter; nil when it is missing or empty.
    subscript(name: String) -> String? { pairs.first { $0.name == name && !$0.value.isEmpty }?.value }

    /// The first value of a parameter, also an empty one; nil when it is missing.
    func given(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// Whether a parameter is there and not said to be false.
    func flag(_ name: String) -> Bool {
        guard let value = given(name) else { return false }
        return !["false", "0", "f"].contains(value.lowercased())
    }

    /// A whole number from 0.
    ///
    /// *Throws* ``Refusal`` 400 for anything else.
    func number(_ name: String) throws -> Int64? {
        guard let text = self[name] else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw Refusal(.badRequest, "\(name) must be a whole number, and is '\(text)'")
        }
        return number
    }
}

/// A text with its `%XX` resolved, and with each `+` as a space when `plusIsSpace`.
///
/// What is no such escape stays as it is; bytes that are no UTF-8 are replaced.
func percentDecoded(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        // A sign before the digits would be taken for a part of the number.
        if byte == UInt8(ascii: "%"), rest.count >= 2, rest.prefix(2).allSatisfy(isHexDigit),
            let escaped = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        {
            bytes.append(escaped)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

private func isHexDigit(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isHexDigit }
