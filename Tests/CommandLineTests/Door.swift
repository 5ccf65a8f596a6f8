import ArgumentParser
import Domain
import Outbound
import Synchronization

@testable import CommandLine

/// A control door in memory: objects by their path, and what it does to a new Decision.
final class Door: Sendable {
    struct Contents: Sendable {
        var objects: [String: Value] = [:]
        /// The status every new Decision gets at once.
        var outcome: Value = ["outcome": "applied"]
        /// What becomes of an object that was patched.
        var afterPatch: @Sendable (Value) -> Value = { $0 }
        /// The methods that were asked for.
        var methods: Set<String> = []
        /// The queries of the changes that were asked for, in order.
        var queries: [String] = []
        /// Whether objects that are deleted stay.
        var keepsDeleted = false
        /// What happens to the objects after each look at one of them.
        var afterLook: @Sendable (inout [String: Value]) -> Void = { _ in }
    }

    private let contents = Mutex(Contents())

    @discardableResult
    func with<Answer: Sendable>(_ body: (inout Contents) throws -> Answer) rethrows -> Answer {
        try contents.withLock { contents in try body(&contents) }
    }

    /// Puts an object in, as the door shows it.
    func put(
        _ kind: String,
        _ name: String,
        status: Value,
        labels: [String: String]? = nil,
        version: Int64 = 7
    ) throws {
        let isNamespaced = Kind.named(kind)?.isNamespaced == true
        var metadata = Metadata(name: name, namespace: isNamespaced ? "default" : nil)
        metadata.resourceVersion = Position(version)
        metadata.labels = labels
        let object = Object(kind: kind, metadata: metadata, status: status)
        try put(Stored(object: object, digest: Digest("d"), origin: Origin(appliedBy: nil)))
    }

    /// The specs of the Decisions that were made, by name.
    var decisions: [String: Value] {
        let all = with { $0.objects.values.filter { $0["kind"] == "Decision" } }
        let named = all.map { ($0.at("metadata", "name")?.string ?? "", $0["spec"] ?? .null) }
        return Dictionary(named, uniquingKeysWith: { first, _ in first })
    }

    var client: ControlClient {
        ControlClient(
            transport: .init(
                send: { method, path, headers, body in
                    let isApply = headers.contains { $0.1 == "application/apply-patch+yaml" }
                    return try self.answer(isApply ? "APPLY" : method, path, body)
                },
                lines: { _, _, _ in }
            )
        )
    }

    /// Puts in what the door shows of an object that is stored.
    func put(_ stored: Stored) throws {
        let key = stored.object.key
        let scope = key.namespace.map { "/namespaces/\($0)" } ?? ""
        let path = "\(ControlClient.base)\(scope)/\(Kind.named(key.kind)?.plural ?? "")/\(key.name)"
        let shown = try Value(encoding: stored.shown)
        with { $0.objects[path] = shown }
    }

    private func answer(_ method: String, _ path: String, _ body: [UInt8]) throws -> ControlClient.Answer {
        with { contents in
            contents.methods.insert(method)
            if method != "GET" { contents.queries.append(String(path.drop { $0 != "?" }.dropFirst())) }
        }
        if method == "GET", let list = try list(path) { return list }
        let isDryRun = path.contains("dryRun=All")
        let path = String(path.prefix { $0 != "?" })
        if method == "APPLY" { return try apply(path, body, isDryRun: isDryRun) }
        if method == "PATCH" { return try patch(path, body) }
        if method == "PUT" { return try replace(path, body, isDryRun: isDryRun) }
        if method == "DELETE" { return remove(path, isDryRun: isDryRun) }
        return try with { contents in
            guard method == "POST" else {
                defer { contents.afterLook(&contents.objects) }
                guard let object = contents.objects[path] else { return status(404, "NotFound", path) }
                return .init(status: 200, body: object.canonicalBytes)
            }
            var object = try Value(json: body)
            let name = "\(path)/\(object.at("metadata", "name")?.string ?? "")"
            guard contents.objects[name] == nil else { return status(409, "AlreadyExists", name) }
            object["status"] = contents.outcome
            if !isDryRun { contents.objects[name] = object }
            return .init(status: 201, body: object.canonicalBytes)
        }
    }

    /// Objects of a kind in order of their paths, as a list; nil for the path of one object.
    private func list(_ path: String) throws -> ControlClient.Answer? {
        let bare = path.prefix { $0 != "?" }
        let parts = bare.dropFirst(ControlClient.base.count).split(separator: "/").map(String.init)
        guard let plural = parts.last, Kind.all.contains(where: { $0.plural == plural }) else { return nil }
        let namespace = parts.first == "namespaces" ? "/namespaces/\(parts[1])/" : "/"
        // A selector of one label is what every verb sends.
        let label = path.firstRange(of: "labelSelector=").map { range in
            path[range.upperBound...].prefix { $0 != "&" }.replacing("%2F", with: "/")
                .split(separator: "%3D").map(String.init)
        }
        let isOfDeclared = path.contains("fieldSelector=declared%3Dtrue")
        let items = with(\.objects).sorted { $0.key < $1.key }.filter { place, object in
            place.hasPrefix(ControlClient.base + namespace) && place.contains("/\(plural)/")
                && (!isOfDeclared || object.at("metadata", "generation") != nil)
                && (label == nil || object.at("metadata", "labels")?[label?[0] ?? ""]?.string == label?[1])
        }
        let body: Value = ["kind": "List", "metadata": [:], "items": .array(items.map(\.value))]
        return .init(status: 200, body: body.canonicalBytes)
    }

    /// Creates or replaces an object; whose its fields are is for the server's own tests.
    private func apply(_ path: String, _ body: [UInt8], isDryRun: Bool) throws -> ControlClient.Answer {
        guard with({ $0.objects[path] }) == nil else { return try replace(path, body, isDryRun: isDryRun) }
        var object = try Value(json: body)
        return with { contents in
            object["status"] = contents.outcome
            if !isDryRun { contents.objects[path] = object }
            return .init(status: 201, body: object.canonicalBytes)
        }
    }

    /// Replaces an object, unless it is another version than the one that is given.
    private func replace(_ path: String, _ body: [UInt8], isDryRun: Bool) throws -> ControlClient.Answer {
        let object = try Value(json: body)
        return with { contents in
            guard let old = contents.objects[path] else { return status(404, "NotFound", path) }
            let version = object.at("metadata", "resourceVersion")
            guard version == nil || version == old.at("metadata", "resourceVersion") else {
                return status(409, "Conflict", path, cause: "stale")
            }
            let after = object.merging([
                "metadata": ["resourceVersion": "8"], "status": old["status"] ?? .null,
            ])
            if !isDryRun { contents.objects[path] = after }
            return .init(status: 200, body: after.canonicalBytes)
        }
    }

    private func remove(_ path: String, isDryRun: Bool) -> ControlClient.Answer {
        with { contents in
            guard let old = contents.objects[path] else { return status(404, "NotFound", path) }
            if !isDryRun, !contents.keepsDeleted { contents.objects[path] = nil }
            return .init(status: 200, body: old.canonicalBytes)
        }
    }

    /// Merges into an object, and lets `afterPatch` play the control plane.
    private func patch(_ path: String, _ body: [UInt8]) throws -> ControlClient.Answer {
        let patch = try Value(json: body)
        return with { contents in
            guard let object = contents.objects[path] else { return status(404, "NotFound", path) }
            contents.objects[path] = contents.afterPatch(object.merging(patch))
            return .init(status: 200, body: (contents.objects[path] ?? .null).canonicalBytes)
        }
    }

    private func status(
        _ code: Int,
        _ reason: String,
        _ subject: String,
        cause: String? = nil
    ) -> ControlClient.Answer {
        let causes = cause.map { cause -> [Value] in
            [["reason": .string(cause), "message": .string(subject)]]
        }
        let body: Value = [
            "kind": "Status", "reason": .string(reason), "message": .string(subject),
            "details": ["causes": .array(causes ?? [])],
        ]
        return .init(status: code, body: body.canonicalBytes)
    }
}

/// What a command printed and how it ended.
struct Outcome {
    let output: [String]
    let notices: [String]
    let error: (any Error)?

    /// Our own failure, when it ended with one.
    var failure: CommandFailure? { error as? CommandFailure }
}

/// Parses and runs a verb the way the program does.
@discardableResult
func run<Verb: AsyncParsableCommand>(
    _ verb: Verb.Type,
    _ arguments: [String],
    door: Door = Door(),
    userID: UInt32 = 1000,
    variables: [String: String] = [:]
) async -> Outcome {
    let lines = Mutex<(output: [String], notices: [String])>(([], []))
    let environment = CommandEnvironment(
        connect: { _ in door.client },
        defaultState: { "/nowhere" },
        output: { line in lines.withLock { $0.output.append(line) } },
        notice: { line in lines.withLock { $0.notices.append(line) } },
        progress: { line in lines.withLock { $0.notices.append(line) } },
        now: { Timestamp(microseconds: 0) },
        userID: { userID },
        variable: { variables[$0] },
        send: { try await HTTPClient().send($0, maximumBodyBytes: $1) }
    )
    var failure: (any Error)?
    do {
        var command = try Verb.parse(arguments)
        try await CommandEnvironment.$current.withValue(environment) { try await command.run() }
    } catch {
        failure = error
    }
    let (output, notices) = lines.withLock { $0 }
    return Outcome(output: output, notices: notices, error: failure)
}
