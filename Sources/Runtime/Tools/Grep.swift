internal import Containers
internal import Domain

extension Tool {
    /// Searches files; the pattern is run by grep inside the sandbox, so a hostile one costs only the call's
    /// time.
    static let grep = Tool(
        name: "grep",
        summary:
            "Searches the repository for an extended regular expression. Answers at most 500 lines "
            + "path:line:text.",
        schema: objectSchema(
            [
                "pattern": textSchema(
                    "An extended regular expression (POSIX).",
                    maxLength: 4000,
                    minLength: 1
                ),
                "path": textSchema("A file or folder to search, relative to the repository.", minLength: 1),
                "glob": textSchema("Only files whose names match, such as *.py.", minLength: 1),
                "ignore_case": [
                    "type": "boolean", "description": "Whether upper and lower case are the same.",
                ],
            ],
            required: ["pattern"]
        ),
        effect: .read,
        owner: .sandbox,
        timeout: .seconds(30),
        outputLimit: 64 << 10
    ) { input, context in
        let path = try repositoryPath(input["path"]?.string ?? ".")
        var command = ["grep", "-rnIE", "--exclude-dir=.git"]
        if input["ignore_case"]?.bool == true { command.append("-i") }
        if let glob = input["glob"]?.string { command.append("--include=\(glob)") }
        command += [
            "-e", input["pattern"]?.string ?? "", "--", path.parts.first == "repo" ? path.shown : path.inside,
        ]
        let result = try await context.workbench.run(
            ExecRequest(command, timeout: .seconds(20), outputLimit: 1 << 20)
        )
        if result.timedOut {
            throw ToolRefusal("The search took longer than 20 s; use a simpler pattern or a path")
        }
        // 1 says that nothing was found; 2 also comes with matches when a file could not be read.
        guard result.exitCode <= 1 || (result.exitCode == 2 && result.standardOutput.total > 0) else {
            throw ToolRefusal("grep: \(result.standardError.text)")
        }
        return ToolOutput(matches(result.standardOutput.text))
    }
}

private func matches(_ output: String) -> String {
    let lines = output.utf8.split(separator: UInt8(ascii: "\n")).map { line in
        let text = String(Substring(line))
        // One line of a minified file could fill the whole result.
        return line.count <= 400
            ? (text.hasPrefix("./") ? String(text.dropFirst(2)) : text) : "\(text.prefix(380))…"
    }
    guard !lines.isEmpty else { return "[nothing was found]" }
    guard lines.count > 500 else { return lines.joined(separator: "\n") }
    return lines.prefix(500).joined(separator: "\n")
        + "\n[\(lines.count - 500) more lines; narrow the search]"
}
