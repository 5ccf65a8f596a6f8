import Domain

/// What a list or watch request asks for.
struct ListOptions: Sendable {
    enum Match: Sendable { case any, notOlderThan, exact }

    var query: ObjectQuery
    /// Whether field selectors contradict each other or the path, so that no object can match.
    var matchesNothing = false
    /// nil when the client did not page.
    var limit: Int?
    var token: ContinueToken?
    /// nil when the client named none, which asks for the newest.
    var resourceVersion: Position?
    var match: Match
    /// Requirements on fields that only some kinds understand, such as `involvedObject.uid`.
    var fields: [String: String] = [:]

    /// The options of a request for a kind.
    ///
    /// *Throws* ``Refusal`` 400, or 422 for a combination that Kubernetes refuses too.
    init(_ call: Call, kind: Kind) throws {
        query = ObjectQuery(kind: kind.name, namespace: call.parameters["namespace"])
        query.labels = try labelRequirements(call.query["labelSelector"] ?? "")
        limit = try call.query.number("limit").flatMap { $0 == 0 ? nil : Int(min($0, 1000)) }
        match = try Self.match(call.query)
        if let text = call.query["resourceVersion"] {
            guard let position = Position(text) else {
                throw Refusal(
                    .badRequest,
                    "resourceVersion must be one that a list or a watch gave, and is '\(text)'"
                )
            }
            resourceVersion = position
        }
        token = try call.query["continue"].map { try ContinueToken($0, query) }
        try readFields(call.query["fieldSelector"] ?? "")
    }

    private static func match(_ query: Query) throws -> Match {
        guard let text = query["resourceVersionMatch"] else { return .any }
        guard query["resourceVersion"] != nil else {
            throw Refusal(.invalid, "resourceVersionMatch is forbidden unless resourceVersion is provided")
        }
        switch text {
        case "Exact": return .exact
        case "NotOlderThan": return .notOlderThan
        default:
            throw Refusal(.invalid, "resourceVersionMatch must be Exact or NotOlderThan, and is '\(text)'")
        }
    }

    /// Clients send terms twice; all of them must hold.
    private mutating func readFields(_ selector: String) throws {
        for term in selector.split(separator: ",") {
            let parts = term.split(separator: "=", omittingEmptySubsequences: false)
            let pair = parts.count == 3 && parts[1].isEmpty ? [parts[0], parts[2]] : parts
            guard pair.count == 2, !pair[0].isEmpty, !pair[0].hasSuffix("!") else {
                throw Refusal(.badRequest, "a field selector must be FIELD=VALUE, and one is '\(term)'")
            }
            let (field, value) = (String(pair[0]), String(pair[1]))
            switch field {
            case "metadata.name":
                matchesNothing = matchesNothing || (query.name ?? value) != value
                query.name = value
            case "metadata.namespace":
                matchesNothing = matchesNothing || (query.namespace ?? value) != value
                query.namespace = value
            case "declared":
                guard let isDeclared = ["true": true, "false": false][value] else {
                    throw Refusal(.badRequest, "declared must be true or false, and is '\(value)'")
                }
                matchesNothing = matchesNothing || (query.isDeclared ?? isDeclared) != isDeclared
                query.isDeclared = isDeclared
            default:
                matchesNothing = matchesNothing || (fields[field] ?? value) != value
                fields[field] = value
            }
        }
    }

    /// Refuses a version that a first page cannot be read at: an exact one can only be the horizon, and none
    /// can be above it.
    ///
    /// *Throws* ``Refusal`` 410.
    func checkVersion(_ ports: ReadPorts) async throws {
        guard let position = resourceVersion, token == nil, position != .start else { return }
        guard await ports.reaches(position), match != .exact || position == ports.horizon() else {
            throw Refusal(.expired, "the list cannot be read at the resource version \(position)")
        }
    }

    /// Refuses fields that this kind cannot be selected by.
    ///
    /// *Throws* ``Refusal`` 400.
    func refuseFields(except known: Set<String> = []) throws {
        guard let unknown = fields.keys.sorted().first(where: { !known.contains($0) }) else { return }
        let all = ["declared", "metadata.name", "metadata.namespace"] + known.sorted()
        throw Refusal(
            .badRequest,
            "the field \"\(unknown)\" cannot be selected by; use \(all.joined(separator: ", "))"
        )
    }
}
