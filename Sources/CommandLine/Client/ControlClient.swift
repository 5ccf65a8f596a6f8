import Domain
import Secrets

/// Speaks the Kubernetes dialect to the control door.
package struct ControlClient: Sendable {
    /// A whole answer.
    package struct Answer: Sendable {
        package let status: Int
        package let body: [UInt8]
        /// What the server warns of, a sentence each.
        package let warnings: [String]

        /// An answer of its parts; `warnings` are the values of its `Warning` headers.
        package init(status: Int, body: [UInt8], warnings: [String] = []) {
            self.status = status
            self.body = body
            // *Source*: RFC 7234, section 5.5: a code, an agent and a quoted text.
            self.warnings = warnings.map { value in
                let parts = value.split(separator: " ", maxSplits: 2)
                return parts.count < 3 ? value : parts[2].filter { $0 != "\"" }
            }
        }
    }

    /// How requests reach the door; the program fills it with the HTTP client on the unix socket.
    package struct Transport: Sendable {
        package typealias Headers = [(String, String)]
        package var send:
            @Sendable (_ method: String, _ path: String, _ headers: Headers, _ body: [UInt8]) async throws ->
                Answer
        /// The lines of a streamed answer, handed to the closure until it answers false.
        package var lines:
            @Sendable (_ path: String, _ headers: Headers, _ each: @Sendable ([UInt8]) async throws -> Bool)
                async throws -> Void

        /// A transport of its closures.
        package init(
            send: @escaping @Sendable (String, String, Headers, [UInt8]) async throws -> Answer,
            lines:
                @escaping @Sendable (String, Headers, @Sendable ([UInt8]) async throws -> Bool) async throws
                -> Void
        ) {
            self.send = send
            self.lines = lines
        }
    }

    let transport: Transport

    /// A client over a transport.
    package init(transport: Transport) { self.transport = transport }

    static let base = "/apis/\(Kind.apiVersion)"

    func path(_ kind: Kind, namespace: String?, name: String? = nil) -> String {
        let scope = kind.isNamespaced ? namespace.map { "/namespaces/\(percentEncoded($0.utf8))" } ?? "" : ""
        return "\(Self.base)\(scope)/\(kind.plural)" + (name.map { "/\(percentEncoded($0.utf8))" } ?? "")
    }

    /// One object; *throws* a `CommandFailure` for an error of the server.
    func get(_ kind: Kind, namespace: String?, name: String) async throws -> Object {
        try decode(await request("GET", path(kind, namespace: namespace, name: name)))
    }

    /// One object, or nil when there is none.
    func find(_ kind: Kind, namespace: String?, name: String) async throws -> Object? {
        do {
            return try await get(kind, namespace: namespace, name: name)
        } catch let failure as CommandFailure where failure.reason == "NotFound" {
            return nil
        }
    }

    /// All declared objects of a kind, without those that controllers write beside them.
    func declared(_ kind: Kind) async throws -> [Object] {
        try await list(kind, namespace: nil, fields: kind.isAlsoLive ? "declared=true" : nil)
    }

    /// All objects of a kind that match.
    func list(
        _ kind: Kind,
        namespace: String?,
        labels: String? = nil,
        fields: String? = nil
    ) async throws -> [Object] {
        try await listed(kind, namespace: namespace, labels: labels, fields: fields).objects
    }

    /// All objects of a kind that match, and the version from which a watch goes on.
    func listed(
        _ kind: Kind,
        namespace: String?,
        labels: String? = nil,
        fields: String? = nil
    ) async throws -> (objects: [Object], version: String?) {
        let items = [("labelSelector", labels), ("fieldSelector", fields)]
        var objects: [Object] = []
        let version = try await readPages(of: path(kind, namespace: namespace), items) { page in
            objects += try (page["items"]?.array ?? []).map { try typed($0, kind).decode() }
        }
        return (objects, version)
    }

    /// Reads a list page by page, at least one, and answers the version of all of them.
    func readPages(
        of path: String,
        _ items: [(String, String?)],
        accept: String = "application/json",
        each: (Value) throws -> Void
    ) async throws -> String? {
        var version: String?
        var token: String?
        repeat {
            let query = query([("limit", "500")] + items + [("continue", token)])
            let page = try Value(json: try await request("GET", path + query, accept: accept).body)
            version = version ?? page.at("metadata", "resourceVersion")?.string
            token = page.at("metadata", "continue")?.string.flatMap { $0.isEmpty ? nil : $0 }
            try each(page)
        } while token != nil
        return version
    }

    /// Sends a request; what the server warns of is told.
    ///
    /// *Throws* a `CommandFailure` for an error of the server.
    @discardableResult
    func request(
        _ method: String,
        _ path: String,
        _ body: Value? = nil,
        type: String = "application/json",
        accept: String = "application/json"
    ) async throws -> Answer {
        let headers = [("Accept", accept)] + (body == nil ? [] : [("Content-Type", type)])
        let answer = try await transport.send(method, path, headers, body?.canonicalBytes ?? [])
        for warning in answer.warnings {
            CommandEnvironment.current?.notice("Warning: \(printableLines(warning))")
        }
        guard answer.status < 400 else { throw CommandFailure(answer) }
        return answer
    }

    func decode(_ answer: Answer) throws -> Object { try Value(json: answer.body).decode() }

    /// List items carry no kind of their own.
    private func typed(_ item: Value, _ kind: Kind) -> Value {
        item.merging(["kind": .string(kind.name), "apiVersion": .string(Kind.apiVersion)])
    }

    func query(_ items: [(String, String?)]) -> String {
        let pairs = items.compactMap { key, value in value.map { "\(key)=\(percentEncoded($0.utf8))" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }
}

extension ControlClient {
    /// Applies the fields of an object, and answers the object after it.
    func apply(_ kind: Kind, _ object: Object, query items: [(String, String?)]) async throws -> Object {
        let path = path(kind, namespace: object.metadata.namespace, name: object.metadata.name)
        let body = try Value(encoding: object)
        return try decode(
            await request("PATCH", path + query(items), body, type: "application/apply-patch+yaml")
        )
    }

    /// Sends a patch, a merge patch if nothing else is said, and answers the object after it.
    @discardableResult
    func patch(
        _ kind: Kind,
        namespace: String?,
        name: String,
        _ patch: Value,
        type: String = "application/merge-patch+json",
        query items: [(String, String?)] = [],
        dryRun: DryRun = .none
    ) async throws -> Object {
        let answer = try await request(
            "PATCH",
            path(kind, namespace: namespace, name: name) + query([("dryRun", dryRun.parameter)] + items),
            patch,
            type: type
        )
        return try decode(answer)
    }
}
