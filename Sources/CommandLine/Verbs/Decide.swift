package import ArgumentParser
import Domain
import Secrets

/// What every verb that makes a Decision takes.
struct DecisionOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions
    @Argument(
        help: """
            workflow/NAME (its one open gate, for gates), gate/NAME, task/NAME or escalation/NAME; \
            gitsource/NAME for deletions that its brake refused.
            """
    )
    var target: String
    @Option(help: "Why, for the record and for agents.") var note: String?
    @Option(help: "How long to wait until it took effect, such as 30s or 5m.") var timeout = "30s"

    /// Makes the Decision, waits until it took effect, and says what came of it.
    ///
    /// The Decision's name follows from target, action and what is judged, so a repeated command is the same
    /// one.
    func decide(_ action: DecisionSpec.Action, done: String) async throws {
        let environment = try CommandEnvironment.required()
        let limit = try timeLimit(timeout)
        let client = try connection.client()
        let target = try Target(self.target)
        let name = try target.required()
        let object = try await client.get(target.kind, namespace: connection.namespace, name: name)
        let digest = try expectedDigest(of: object, action)
        let version = digest ?? object.metadata.resourceVersion?.description ?? ""
        let identity = [
            action.rawValue, target.kind.name, name, version, "\(environment.userID())", note ?? "",
        ]
        let hash = hex(sha256(Array(identity.joined(separator: "\n").utf8))).prefix(12)
        let decision: Value = .members([
            "apiVersion": .string(Kind.apiVersion), "kind": "Decision",
            "metadata": [
                "name": .string("\(action.rawValue.lowercased())-\(hash)"),
                "namespace": .string(connection.namespace),
            ],
            "spec": .members([
                "target": ["kind": .string(target.kind.name), "name": .string(name)],
                "action": .string(action.rawValue),
                "note": note.map(Value.string), "expects": digest.map { ["digest": .string($0)] },
            ]),
        ])
        let outcome = try await submit(decision, client, within: limit)
        guard outcome.status?["outcome"]?.string == "applied" else {
            let why = (outcome.status?["conditions"]?.array ?? []).first { $0["type"]?.string == "Ready" }
            throw CommandFailure(
                "\(self.target) was not \(done): \(cell(why?["message"])) "
                    + "(\(cell(outcome.status?["reason"])))"
            )
        }
        environment.output("\(target.kind.singular).\(Kind.group)/\(name) \(done)")
    }

    /// The digest of the gate or of the deletions that are about to be judged, so that nothing later is
    /// approved by accident.
    private func expectedDigest(of object: Object, _ action: DecisionSpec.Action) throws -> String? {
        guard [.approve, .reject, .requestChanges, .block].contains(action) else { return nil }
        if object.kind == "Gate" { return object.status?["digest"]?.string }
        if object.kind == "GitSource" {
            guard let refused = GitSourceStatus.refusedPrune(object.status) else {
                throw CommandFailure("\(target) has no deletions that wait for an approval")
            }
            return refused.digest.text
        }
        let gates = object.status?["openGates"]?.array ?? []
        guard gates.count <= 1 else {
            let names = gates.map { "gate/\(cell($0["name"]))" }.joined(separator: ", ")
            throw CommandFailure("\(target) has several open gates; name one: \(names)")
        }
        return gates.first?["digest"]?.string
    }

    private func submit(
        _ decision: Value,
        _ client: ControlClient,
        within limit: Duration
    ) async throws -> Object {
        guard let kind = Kind.named("Decision"), let name = decision.at("metadata", "name")?.string else {
            throw CommandFailure("the kind Decision is missing")
        }
        do {
            try await client.request("POST", client.path(kind, namespace: connection.namespace), decision)
        } catch let failure as CommandFailure where failure.reason == "AlreadyExists" {
            // The same person said the same of the same thing before: its outcome is the answer.
        }
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while true {
            let object = try await client.get(kind, namespace: connection.namespace, name: name)
            if object.status?["outcome"] != nil { return object }
            guard clock.now < deadline else {
                throw CommandFailure(
                    "decision/\(name) was recorded but not executed within \(timeout); "
                        + "see 'agirunner get decisions'",
                    exitCode: 3
                )
            }
            try await clock.sleep(for: .milliseconds(50))
        }
    }
}

/// `agirunner approve`.
package struct Approve: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Let a gate pass, or the deletions of a commit."
    )
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.approve, done: "approved") }
}

/// `agirunner reject`.
package struct Reject: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Refuse a gate, as its onReject says.")
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.reject, done: "rejected") }
}

/// `agirunner request-changes`.
package struct RequestChanges: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Send a gate's work back with a note.")
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.requestChanges, done: "sent back") }
}

/// `agirunner pause`.
package struct Pause: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Stop new claims of a run and park its tasks."
    )
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.pause, done: "paused") }
}

/// `agirunner cancel`.
package struct Cancel: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "End a run, or a task of it.")
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.cancel, done: "cancelled") }
}

/// `agirunner retry`.
package struct Retry: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Give a failed or escalated task another try."
    )
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.retry, done: "made ready again") }
}

/// `agirunner answer`.
package struct Answer: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Answer an escalation with --note.")
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.answer, done: "answered") }
}
