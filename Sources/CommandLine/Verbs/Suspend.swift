package import ArgumentParser
import Domain

/// `agirunner suspend`.
package struct Suspend: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Leave a source alone until it is resumed.",
        discussion: """
            What is applied stays in force, and new commits wait. A run is stopped by 'agirunner pause'.

            Example:
              agirunner suspend gitsource/main
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "gitsource/NAME, repeatable; or gitsource and names.") var targets: [String]

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        for (kind, name) in try namedTargets(targets) {
            guard kind.name == "GitSource" else {
                throw CommandFailure(
                    "only a gitsource can be suspended; a run is paused: agirunner pause workflow/NAME"
                )
            }
            try await setSuspended(true, name, connection)
        }
    }
}
