internal import Containers
internal import Domain

extension Tool {
    /// Writes a whole file.
    static let fileWrite = Tool(
        name: "file_write",
        summary: "Writes a file of the repository as a whole, and makes the folders above it.",
        schema: objectSchema(
            [
                "path": textSchema("Relative to the repository.", minLength: 1),
                "content": textSchema("The new content of the file.", maxLength: 1 << 20),
            ],
            required: ["path", "content"]
        ),
        effect: .write,
        owner: .sandbox,
        timeout: .seconds(30),
        outputLimit: 4 << 10
    ) { input, context in
        let path = try writablePath(input["path"]?.string ?? "", context.contract)
        let bytes = Array((input["content"]?.string ?? "").utf8)
        try await context.workbench.files().write(path, bytes)
        return ToolOutput("Wrote \(bytes.count) bytes to `\(path.shown)`.")
    }
}

/// A path that may be written: content of the repository, and among the contract's writable paths where it
/// has some.
func writablePath(_ text: String, _ contract: Contract) throws -> WorkspacePath {
    let path = try repositoryPath(text)
    guard path.isContent else {
        throw ToolRefusal(
            "`\(path.shown)` is not written by this tool: only files of the repository are, not git's own"
        )
    }
    let rules = contract.writablePaths
    let shown = path.shown
    let isAllowed =
        rules.isEmpty
        || rules.contains { rule in
            let folder = rule.hasSuffix("/") ? String(rule.dropLast()) : rule
            return rule == shown || shown.hasPrefix(folder + "/") || globMatches(rule, shown)
        }
    guard isAllowed else {
        throw ToolRefusal("`\(shown)` may not be written; writable: \(rules.joined(separator: ", "))")
    }
    return path
}
