package import ArgumentParser

/// `agirunner label`.
package struct Label: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Set or take away labels of an object.",
        discussion: """
            Labels that a file sets are changed in the file, or taken from it with --force-conflicts; others \
            stay whatever is committed.

            Examples:
              agirunner label role/developer team=red
              agirunner label role/developer team=blue --overwrite
              agirunner label role/developer team-
            """
    )

    @OptionGroup var options: MetadataOptions

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        try await options.change("labels", set: "labeled", removed: "unlabeled")
    }
}
