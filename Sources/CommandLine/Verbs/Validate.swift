package import ArgumentParser
import Catalog
import Domain

/// `agirunner validate`.
package struct Validate: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Check configuration files without a server.",
        discussion:
            "Says exactly what the server would say, except what only the server knows: grants of the "
            + "source, "
            + "and objects of other sources."
    )

    @Argument(help: "Folders or files.") var paths: [String]
    @Option(name: .shortAndLong, help: "text or json (one diagnostic per line).") var output = "text"

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        var sources: [String: [UInt8]] = [:]
        for path in paths {
            for file in try yamlFiles(path, isRecursive: true) { sources[file] = try readFile(file) }
        }
        guard !sources.isEmpty else {
            throw CommandFailure("there is no .yaml file in \(paths.joined(separator: ", "))")
        }
        var options = LoadOptions()
        // Any place will do for relative workspaces: only whether they resolve matters here.
        options.sourceURL = "/repository/config"
        let loaded = Loader().load(
            sources.map { SourceFile(path: $0.key, bytes: $0.value) },
            options: options
        )
        for diagnostic in loaded.diagnostics {
            environment.output(
                output == "json" ? diagnostic.jsonLine : diagnostic.text(source: sources[diagnostic.path])
            )
        }
        let errors = loaded.diagnostics.filter { $0.severity == .error }.count
        let warnings = loaded.diagnostics.count - errors
        environment.notice("\(loaded.objects.count) objects valid, \(errors) errors, \(warnings) warnings")
        if errors > 0 { throw ExitCode.failure }
    }
}
