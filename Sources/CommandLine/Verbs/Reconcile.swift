package import ArgumentParser
import Domain

/// `agirunner reconcile`.
package struct Reconcile: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Look at a source now.")

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "gitsource/NAME.") var target: String

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let client = try connection.client()
        let target = try Target(self.target)
        guard target.kind.name == "GitSource" else {
            throw CommandFailure("only a gitsource can be reconciled")
        }
        let name = try target.required()
        let path = client.path(target.kind, namespace: nil, name: name)
        let annotations: Value = [GitSourceSpec.reconcileAt: .string(environment.now().description)]
        try await client.request(
            "PATCH",
            path,
            ["metadata": ["annotations": annotations]],
            type: "application/merge-patch+json"
        )
        environment.output("\(target.kind.reference(name)) reconciliation requested")
    }
}
