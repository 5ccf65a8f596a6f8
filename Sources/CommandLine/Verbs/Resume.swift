package import ArgumentParser
import Domain

/// `agirunner resume`.
package struct Resume: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Let a paused run, or a suspended source, go on.",
        discussion: """
            Examples:
              agirunner resume workflow/fix-division --note 'the release is out'
              agirunner resume gitsource/main
            """
    )

    @Argument(help: "workflow/NAME, or gitsource/NAME of a suspended source.") var target: String
    @OptionGroup var options: DecisionOptions

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws { try await options.hold(false, target) }
}
