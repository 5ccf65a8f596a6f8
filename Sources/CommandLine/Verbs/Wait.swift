package import ArgumentParser
import Domain

/// `agirunner wait`.
package struct Wait: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Wait until an object is as asked.",
        discussion: """
            Exit codes: 0 met, 1 error, 3 timed out, 4 the object ended in another way, 5 another commit was \
            applied after the one that is waited for.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME.") var target: String
    @Option(
        name: .customLong("for"),
        help: """
            condition=TYPE[=STATUS], jsonpath=PATH=VALUE, phase=NAME, revision=COMMIT, gate or delete; \
            repeatable.
            """
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
        var told = ""
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
            try refuse(object, target, wishes)
            if try await isSuperseded(object, wishes, client) {
                throw CommandFailure("gitsource/\(name) has applied another commit since", exitCode: 5)
            }
            let state = "\(target.kind.singular)/\(name) \(state(of: object))"
            guard clock.now < deadline else {
                throw CommandFailure("timed out after \(timeout): \(state)", exitCode: 3)
            }
            if state != told, clock.now > deadline - limit + .seconds(1) {
                environment.progress("waiting: \(state)")
                told = state
            }
            try await clock.sleep(for: .milliseconds(200))
        }
    }

    /// How an object is doing, in a few words.
    private func state(of object: Object?) -> String {
        guard let object else { return "does not exist" }
        if let phase = object.status?["phase"]?.string {
            let stage = object.status?["currentStage"]?.string.map { " in stage \($0)" } ?? ""
            return "is \(phase)\(stage)"
        }
        guard let ready = object.readyCondition else { return "is there" }
        return ready["status"] == "True"
            ? "is ready" : "is not ready: \(cell(ready["reason"])): \(cell(ready["message"]))"
    }

    /// Ends the wait for what can no longer come.
    private func refuse(_ object: Object?, _ target: Target, _ wishes: [Wish]) throws {
        guard let object else { return }
        let name = object.metadata.name
        if let phase = object.status?["phase"]?.string, WorkflowPhase(rawValue: phase)?.isTerminal == true,
            target.kind.name == "Workflow", !wishes.contains(where: \.isForTheEnd)
        {
            let message = object.status?["message"]?.string.map { ": \($0)" } ?? ""
            throw CommandFailure("workflow/\(name) ended as \(phase)\(message)", exitCode: 4)
        }
        let applied = object.status?["appliedCommit"]?.string ?? ""
        let isStalled = (object.status?["conditions"]?.array ?? []).contains { $0["type"] == "Stalled" }
        if isStalled, wishes.compactMap(\.commit).contains(where: applied.hasPrefix) {
            let ready = object.readyCondition ?? .null
            let message = "\(cell(ready["reason"])): \(cell(ready["message"]))"
            throw CommandFailure("gitsource/\(name) \(message)", exitCode: 4)
        }
    }

    /// Whether a commit that is waited for was applied, and another one after it.
    private func isSuperseded(
        _ object: Object?,
        _ wishes: [Wish],
        _ client: ControlClient
    ) async throws -> Bool {
        let commits = wishes.compactMap(\.commit)
        guard let object, !commits.isEmpty, let applied = object.status?["appliedCommit"]?.string,
            !commits.contains(where: applied.hasPrefix)
        else { return false }
        return try await appliedRevisions(of: object.metadata.name, client).contains { revision in
            let commit = revision.status?["commit"]?.string ?? ""
            return revision.status?["phase"] == "applied" && commits.contains(where: commit.hasPrefix)
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
}
