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
        let annotations: Value = [GitSourceSpec.reconcileAt: .string(environment.now().description)]
        try await client.patch(
            .gitSource,
            namespace: nil,
            name: name,
            ["metadata": ["annotations": annotations]]
        )
        environment.output("\(target.kind.reference(name)) reconciliation requested")
    }
}
