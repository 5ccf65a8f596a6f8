package import ArgumentParser

/// `agirunner annotate`.
package struct Annotate: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Set or take away annotations of an object.",
        discussion: """
            Annotations that a file sets are changed in the file, or taken from it with --force-conflicts; \
            others stay whatever is committed.

            Examples:
              agirunner annotate role/developer example.org/reviewed-by=ada
              agirunner annotate role/developer example.org/reviewed-by-
            """
    )

    @OptionGroup var options: MetadataOptions

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        try await options.change("annotations", set: "annotated", removed: "annotated")
    }
}
