package import ArgumentParser

/// `agirunner annotate`.
package struct Annotate: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Set or take away annotations of an object.",
        discussion: """
            What git declares takes agirunner.dev/suspend and agirunner.dev/reconcile-at, unless its file \
            sets them itself; every other annotation of it is changed in its file.

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
