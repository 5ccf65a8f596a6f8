import ArgumentParser
import Domain
import Synchronization

@testable import CommandLine

/// A control door in memory: objects by their path, and what it does to a new Decision.
final class Door: Sendable {
    struct Contents: Sendable {
        var objects: [String: Value] = [:]
        /// The status every new Decision gets at once.
        var outcome: Value = ["outcome": "applied"]
        /// What happens to the objects after each look at one of them.
        var afterLook: @Sendable (inout [String: Value]) -> Void = { _ in }
    }

    private let contents = Mutex(Contents())

    @discardableResult
    func with<Answer: Sendable>(_ body: (inout Contents) throws -> Answer) rethrows -> Answer {
        try contents.withLock { contents in try body(&contents) }
    }

    /// Puts an object in, as the door shows it.
    func put(_ kind: String, _ name: String, status: Value) throws {
        var metadata = Metadata(name: name, namespace: "default")
        metadata.resourceVersion = Position(7)
        let object = try Value(encoding: Object(kind: kind, metadata: metadata, status: status))
        let plural = Kind.named(kind)?.plural ?? ""
        with { $0.objects["\(ControlClient.base)/namespaces/default/\(plural)/\(name)"] = object }
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
                send: { method, path, _, body in try self.answer(method, path, body) },
                lines: { _, _, _ in }
            )
        )
    }

    private func answer(_ method: String, _ path: String, _ body: [UInt8]) throws -> ControlClient.Answer {
        try with { contents in
            guard method == "POST" else {
                defer { contents.afterLook(&contents.objects) }
                guard let object = contents.objects[path] else { return status(404, "NotFound", path) }
                return .init(status: 200, body: object.canonicalBytes)
            }
            var object = try Value(json: body)
            let name = "\(path)/\(object.at("metadata", "name")?.string ?? "")"
            guard contents.objects[name] == nil else { return status(409, "AlreadyExists", name) }
            object["status"] = contents.outcome
            contents.objects[name] = object
            return .init(status: 201, body: object.canonicalBytes)
        }
    }

    private func status(_ code: Int, _ reason: String, _ subject: String) -> ControlClient.Answer {
        let body: Value = ["kind": "Status", "reason": .string(reason), "message": .string(subject)]
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
    userID: UInt32 = 1000
) async -> Outcome {
    let lines = Mutex<(output: [String], notices: [String])>(([], []))
    let environment = CommandEnvironment(
        connect: { _ in door.client },
        defaultState: { "/nowhere" },
        output: { line in lines.withLock { $0.output.append(line) } },
        notice: { line in lines.withLock { $0.notices.append(line) } },
        now: { Timestamp(microseconds: 0) },
        userID: { userID }
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
