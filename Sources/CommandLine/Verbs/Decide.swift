package import ArgumentParser
import Domain
import Secrets

/// What every verb that makes a Decision takes.
struct DecisionOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions
    @Option(help: "Why, for the record and for agents.") var note: String?
    @Option(help: "How long to wait until it took effect, such as 30s or 5m.") var timeout = "30s"

    /// Makes the Decision, waits until it took effect, and says what came of it.
    ///
    /// The Decision's name follows from target, action and what is judged, so a repeated command is the same
    /// one.
    func decide(_ action: DecisionSpec.Action, on words: String, done: String) async throws {
        let environment = try CommandEnvironment.required()
        let limit = try timeLimit(timeout)
        let client = try connection.client()
        let target = try Target(words)
        let name = try target.required()
        let object = try await client.get(target.kind, namespace: connection.namespace, name: name)
        let digest = try await expectedDigest(of: object, action, client)
        let version = digest ?? object.metadata.resourceVersion?.description ?? ""
        let identity = [
            action.rawValue, target.kind.name, name, version, "\(environment.userID())", note ?? "",
        ]
        let hash = hex(sha256(Array(identity.joined(separator: "\n").utf8))).prefix(12)
        let decisionName = "\(action.rawValue.lowercased())-\(hash)"
        let decision: Value = .members([
            "apiVersion": .string(Kind.apiVersion), "kind": "Decision",
            "metadata": [
                "name": .string(decisionName), "namespace": .string(connection.namespace),
            ],
            "spec": .members([
                "target": ["kind": .string(target.kind.name), "name": .string(name)],
                "action": .string(action.rawValue),
                "note": note.map(Value.string), "expects": digest.map { ["digest": .string($0)] },
            ]),
        ])
        let outcome = try await submit(decision, named: decisionName, client, within: limit)
        guard outcome.status?["outcome"]?.string == "applied" else {
            let why = outcome.readyCondition
            throw CommandFailure(
                "\(words) was not \(done): \(cell(why?["message"])) "
                    + "(\(cell(outcome.status?["reason"])))"
            )
        }
        environment.output("\(target.kind.reference(name)) \(done)")
    }

    /// The digest of the gate or of the deletions that are about to be judged, so that nothing later is
    /// approved by accident.
    private func expectedDigest(
        of object: Object,
        _ action: DecisionSpec.Action,
        _ client: ControlClient
    ) async throws -> String? {
        guard [.approve, .reject, .requestChanges, .block].contains(action) else { return nil }
        switch object.kind {
        case "Gate": return object.status?["digest"]?.string
        case "GitSource", "Revision":
            guard let refused = try await refusedPrune(of: object, client) else {
                throw CommandFailure("\(title(object)) has no deletions that wait for an approval")
            }
            return refused.digest.text
        case "Workflow":
            // A run that has ended opens no gate any more, which is the server's to say, too.
            let phase = object.status?["phase"]?.string.flatMap { WorkflowPhase(rawValue: $0) }
            return phase?.isTerminal == true ? nil : try openGate(of: object)["digest"]?.string
        // Nothing else can be approved, which is the server's to say.
        default: return nil
        }
    }

    /// The deletions that the brake refused a source, or a source by a commit of it.
    private func refusedPrune(of object: Object, _ client: ControlClient) async throws -> RefusedPrune? {
        guard object.kind == "Revision" else { return GitSourceStatus.refusedPrune(object.status) }
        guard let name = object.metadata.labels?[LiveLabel.source],
            let source = try await client.find(.gitSource, namespace: nil, name: name),
            let refused = GitSourceStatus.refusedPrune(source.status),
            refused.commit.text == object.status?["commit"]?.string
        else { return nil }
        return refused
    }

    private func openGate(of workflow: Object) throws -> Value {
        let gates = workflow.status?["openGates"]?.array ?? []
        guard let gate = gates.first else {
            throw CommandFailure("\(title(workflow)) has no gate that waits for a decision")
        }
        guard gates.count == 1 else {
            let names = gates.map { "gate/\(cell($0["name"]))" }.joined(separator: ", ")
            throw CommandFailure("\(title(workflow)) has several open gates; name one: \(names)")
        }
        return gate
    }

    private func submit(
        _ decision: Value,
        named name: String,
        _ client: ControlClient,
        within limit: Duration
    ) async throws -> Object {
        do {
            try await client.request(
                "POST",
                client.path(.decision, namespace: connection.namespace),
                decision
            )
        } catch let failure as CommandFailure where failure.reason == "AlreadyExists" {
            // The same person said the same of the same thing before: its outcome is the answer.
        }
        var poll = Poll(within: limit, hasAnswered: true)
        while true {
            let object = try await poll.look {
                try await client.get(.decision, namespace: connection.namespace, name: name)
            }
            if let object, object.status?["outcome"] != nil { return object }
            guard !poll.isOver else {
                throw CommandFailure(
                    "decision/\(name) was recorded but not executed within \(timeout); "
                        + "see 'agirunner get decisions'",
                    exitCode: 3
                )
            }
            try await poll.pause(.milliseconds(50))
        }
    }
}

/// `agirunner approve`.
package struct Approve: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Let a gate pass, or the deletions of a commit."
    )
    @Argument(
        help:
            """
            workflow/NAME (its one open gate) or gate/NAME; gitsource/NAME or revision/NAME for deletions \
            that its brake refused.
            """
    )
    var target: String
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.approve, on: target, done: "approved") }
}

/// `agirunner reject`.
package struct Reject: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Refuse a gate, as its onReject says.")
    @Argument(help: "workflow/NAME (its one open gate) or gate/NAME.") var target: String
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.reject, on: target, done: "rejected") }
}

/// `agirunner request-changes`.
package struct RequestChanges: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Send a gate's work back with a note.")
    @Argument(help: "workflow/NAME (its one open gate) or gate/NAME.") var target: String
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws {
        try await options.decide(.requestChanges, on: target, done: "sent back")
    }
}

/// `agirunner pause`.
package struct Pause: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Stop new claims of a run and park its tasks."
    )
    @Argument(help: "workflow/NAME.") var target: String
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.pause, on: target, done: "paused") }
}

/// `agirunner cancel`.
package struct Cancel: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "End a run, or a task of it.")
    @Argument(help: "workflow/NAME or task/NAME.") var target: String
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.cancel, on: target, done: "cancelled") }
}

/// `agirunner retry`.
package struct Retry: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Give a failed or escalated task another try."
    )
    @Argument(help: "task/NAME.") var target: String
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.retry, on: target, done: "made ready again") }
}

/// `agirunner answer`.
package struct Answer: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Answer an escalation: --note says what to do; without one, to go on."
    )
    @Argument(help: "escalation/NAME.") var target: String
    @OptionGroup var options: DecisionOptions
    /// A command to be filled by the parser.
    package init() {}
    package func run() async throws { try await options.decide(.answer, on: target, done: "answered") }
}
