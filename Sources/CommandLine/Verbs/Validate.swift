package import ArgumentParser
import Catalog
import Domain

/// `agirunner validate`.
package struct Validate: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Check configuration files without a server.",
        discussion:
            "Says exactly what the server would say, except what only the server knows, which is listed at "
            + "the end. Warnings alone are no failure. A folder with catalog/playbooks.yaml is read as a "
            + "catalog in the community's format."
    )

    @Argument(help: "Folders or files.") var paths: [String]
    @Option(help: "native or community; absent: what each folder looks like.") var layout: String?
    @Option(name: .shortAndLong, help: "text, json (one diagnostic per line) or sarif.") var output = "text"

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        guard ["text", "json", "sarif"].contains(output) else {
            throw CommandFailure("--output must be text, json or sarif, and is '\(output)'")
        }
        var sources: [String: [UInt8]] = [:]
        var options = LoadOptions.offline(isWhole: false)
        for path in paths {
            let layout = try self.layout(of: path)
            if layout == .community { options.communityRoots.append(catalogRoot(path)) }
            let files = try yamlFiles(path, isRecursive: true, layout: layout)
            // A single file may be used by others that were not named.
            if files != [path] { options.isWhole = true }
            for file in files { sources[file] = try readFile(file) }
        }
        guard !sources.isEmpty else {
            throw CommandFailure("there is no .yaml file in \(paths.joined(separator: ", "))")
        }
        let loaded = Loader().load(
            sources.map { SourceFile(path: $0.key, bytes: $0.value) },
            options: options
        )
        show(loaded, sources, environment)
        let errors = loaded.diagnostics.count { $0.severity == .error }
        let warnings = loaded.diagnostics.count - errors
        environment.notice(
            "\(counted(loaded.objects.count, "object")) valid, \(counted(errors, "error")), "
                + counted(warnings, "warning")
        )
        environment.notice("not checked, because only the server knows:")
        for line in unchecked(loaded) { environment.notice("  - \(line)") }
        if errors > 0 { throw ExitCode.failure }
    }

    private func layout(of path: String) throws -> GitSourceSpec.Layout {
        guard let layout else { return isCatalog(path) ? .community : .native }
        guard let layout = GitSourceSpec.Layout(rawValue: layout) else {
            throw CommandFailure("--layout must be native or community, and is '\(layout)'")
        }
        return layout
    }

    private func show(_ loaded: Loaded, _ sources: [String: [UInt8]], _ environment: CommandEnvironment) {
        guard output != "sarif" else {
            return environment.output(sarif(loaded.diagnostics, version: productVersion).prettyJSON)
        }
        for diagnostic in loaded.diagnostics {
            environment.output(
                output == "json" ? diagnostic.jsonLine : diagnostic.text(source: sources[diagnostic.path])
            )
        }
    }
}

/// What a check without a server leaves open.
func unchecked(_ loaded: Loaded) -> [String] {
    let kinds = Set(loaded.objects.map(\.object.kind) + loaded.heldBack.keys.map(\.kind))
    var lines = ["which files the source reads, what its grants allow, and who owns the objects already"]
    if kinds.contains("Playbook") { lines.append("whether a changed playbook has a new version") }
    if kinds.contains("Workspace") {
        lines.append("where relative URLs of workspaces lead, and whether that is a source")
    }
    if !kinds.isDisjoint(with: ["Decision", "Workflow"]) {
        lines.append("which runs have started and which Decisions are made, and cannot be changed any more")
    }
    let open = loaded.diagnostics.compactMap { diagnostic -> String? in
        let place = "\(diagnostic.path):\(diagnostic.span.start.line):\(diagnostic.span.start.column)"
        switch diagnostic.code {
        case "REF001": return "whether it has what \(diagnostic.field ?? "") names, at \(place)"
        case "REF008": return "whether it has something that uses \(diagnostic.object ?? ""), at \(place)"
        default: return nil
        }
    }
    lines += open.prefix(10)
    if open.count > 10 { lines.append("\(open.count - 10) more such names") }
    return lines
}
