package import ArgumentParser
import Domain

/// `agirunner rollout`: kubectl's words for what other verbs do.
package struct Rollout: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Follow, hold, undo or repeat what is being brought about, in kubectl's words.",
        discussion: """
            status waits for any object; history, undo and restart are a source's history, rollback and \
            reconcile; pause and resume hold a source or a run.

            Examples:
              agirunner rollout status workflow/fix-division --timeout 5m
              agirunner rollout undo gitsource/main
            """,
        subcommands: [
            RolloutStatus.self, History.self, RolloutUndo.self, RolloutPause.self, Resume.self,
            RolloutRestart.self,
        ]
    )

    /// A command to be filled by the parser.
    package init() {}
}

/// `agirunner rollout status`.
struct RolloutStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Wait until the newest generation of an object is ready, and say so.",
        discussion: "Exit codes: 0 ready, 1 error, 3 timed out, 4 it cannot become ready."
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME, or a kind and a name.") var words: [String]
    @Option(help: "How long to wait, such as 30s or 5m.") var timeout = "60s"

    func run() async throws {
        let environment = try CommandEnvironment.required()
        let (kind, name, rest) = try leadingTarget(words)
        guard rest.isEmpty else { throw CommandFailure("one object is followed at a time") }
        let client = try connection.client()
        var waiting = ObjectWait(
            wishes: [.condition(type: "Ready", status: "True")],
            limit: try timeLimit(timeout),
            client
        )
        try await waiting.wait(for: [Awaited(kind, connection.namespace, name)]) { _ in }
        let object = try await client.get(kind, namespace: connection.namespace, name: name)
        let message = object.readyCondition?["message"].map { cell($0) } ?? ""
        environment.output("\(kind.reference(name)) ready: \(message)")
    }
}

/// `agirunner rollout undo`.
struct RolloutUndo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Put an earlier commit of a source in force, as 'agirunner rollback' does."
    )

    @OptionGroup var rollback: Rollback

    func run() async throws { try await rollback.run() }
}

/// `agirunner rollout pause`.
struct RolloutPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Hold a source or a run, as 'agirunner suspend' and 'agirunner pause' do."
    )

    @Argument(help: "workflow/NAME or gitsource/NAME.") var target: String
    @OptionGroup var options: DecisionOptions

    func run() async throws { try await options.hold(true, target) }
}

/// `agirunner rollout restart`.
struct RolloutRestart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Look at a source now, as 'agirunner reconcile' does."
    )

    @OptionGroup var reconcile: Reconcile

    func run() async throws { try await reconcile.run() }
}
