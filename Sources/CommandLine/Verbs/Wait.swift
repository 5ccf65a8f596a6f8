package import ArgumentParser
import Domain

/// `agirunner wait`.
package struct Wait: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Wait until an object is as asked.",
        discussion: "Exit codes: 0 met, 1 error, 3 timed out, 4 the object ended in another way."
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME.") var target: String
    @Option(
        name: .customLong("for"),
        help: "condition=TYPE[=STATUS], jsonpath=PATH=VALUE, phase=NAME, gate or delete; repeatable."
    )
    var conditions: [String]
    @Option(help: "How long, such as 30s or 5m.") var timeout = "30s"

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        guard let limit = Duration(text: timeout) else {
            throw CommandFailure("--timeout must be a duration such as 30s")
        }
        let wishes = try conditions.map(Wish.init)
        let client = try connection.client()
        let target = try Target(self.target)
        let name = try target.required()
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        var hasAnswered = false
        while true {
            let object: Object?
            do {
                object = try await client.find(target.kind, namespace: connection.namespace, name: name)
                hasAnswered = true
            } catch  where clock.now < deadline && mayPass(error, hasAnswered: hasAnswered) {
                try await clock.sleep(for: .milliseconds(200))
                continue
            }
            if try wishes.allSatisfy({ try $0.isMet(by: object) }) {
                environment.output("\(target.kind.singular).\(Kind.group)/\(name) condition met")
                return
            }
            if let phase = object?.status?["phase"]?.string,
                WorkflowPhase(rawValue: phase)?.isTerminal == true,
                target.kind.name == "Workflow", !wishes.contains(where: \.isForTheEnd)
            {
                throw CommandFailure(
                    "workflow/\(name) ended as \(phase)"
                        + (object?.status?["message"]?.string.map { ": \($0)" } ?? ""),
                    exitCode: 4
                )
            }
            guard clock.now < deadline else {
                throw CommandFailure(
                    "timed out after \(timeout) waiting for \(target.kind.singular)/\(name)",
                    exitCode: 3
                )
            }
            try await clock.sleep(for: .milliseconds(200))
        }
    }

    /// Whether the server may answer later: it is being restarted, or its database is.
    ///
    /// Where nobody ever answered there may be no server at all, which is said at once.
    private func mayPass(_ error: any Error, hasAnswered: Bool) -> Bool {
        guard let failure = error as? CommandFailure else {
            return hasAnswered && !(error is CancellationError)
        }
        return ["ServiceUnavailable", "InternalError", "Timeout"].contains(failure.reason)
    }

    /// One thing that is waited for.
    private enum Wish {
        case condition(type: String, status: String)
        case path(String, String?)
        case delete
        case gate

        init(_ text: String) throws {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            let rest = parts.count > 1 ? parts[1] : ""
            switch parts.first {
            case "condition":
                let sides = rest.split(separator: "=", maxSplits: 1).map(String.init)
                self = .condition(type: sides.first ?? "Ready", status: sides.count > 1 ? sides[1] : "True")
            case "jsonpath":
                // A filter within the path has equal signs of its own.
                var depth = 0
                let end = rest.firstIndex { character in
                    if "[{".contains(character) { depth += 1 }
                    if "]}".contains(character) { depth -= 1 }
                    return character == "=" && depth == 0
                }
                let wanted = end.map { String(rest[$0...].dropFirst()) }
                self = .path(String(rest[..<(end ?? rest.endIndex)]), wanted)
            case "phase": self = .path("status.phase", rest)
            case "delete": self = .delete
            case "gate": self = .gate
            default:
                throw CommandFailure(
                    "--for must be condition=…, jsonpath=…, phase=…, gate or delete, not '\(text)'"
                )
            }
        }

        /// Whether a run that has ended may still become what is waited for.
        var isForTheEnd: Bool {
            guard case .delete = self else { return false }
            return true
        }

        func isMet(by object: Object?) throws -> Bool {
            guard let object else {
                guard case .delete = self else { return false }
                return true
            }
            let whole = try Value(encoding: object)
            switch self {
            case .delete: return false
            case .gate: return !(object.status?["openGates"]?.array ?? []).isEmpty
            case .condition(let type, let status):
                let condition = (object.status?["conditions"]?.array ?? []).first {
                    $0["type"]?.string == type
                }
                return condition?["status"]?.string?.lowercased() == status.lowercased()
            case .path(let path, let wanted):
                guard let found = valueAt(path: path, in: whole), !found.isNull else { return false }
                return wanted == nil || (found.string ?? found.canonicalJSON) == wanted
            }
        }
    }
}
