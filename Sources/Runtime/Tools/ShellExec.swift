internal import Containers
internal import Domain

extension Tool {
    /// Runs a shell command in the sandbox.
    static let shellExec = Tool(
        name: "shell_exec",
        summary:
            "Runs a command by /bin/sh in the sandbox, in the repository. Nothing it starts outlives the "
            + "call, but "
            + "files. Answers exit code and output.",
        schema: objectSchema(
            [
                "command": textSchema("The command line.", maxLength: 100_000, minLength: 1),
                "timeout": integerSchema("Seconds, from 1 to 900; 300 without it."),
                "cwd": textSchema("A folder, relative to the repository.", minLength: 1),
            ],
            required: ["command"]
        ),
        // The command's own time is at most 900 s; beyond that the engine itself hangs.
        effect: .execute,
        owner: .sandbox,
        timeout: .seconds(930),
        outputLimit: 64 << 10
    ) { input, context in
        let command = input["command"]?.string ?? ""
        if let refusal = ShellPolicy(context.contract.shell).refusal(of: command) {
            throw ToolRefusal(refusal)
        }
        let folder = try repositoryPath(input["cwd"]?.string ?? ".")
        let seconds = min(900, max(1, input["timeout"]?.integer ?? 300))
        let isReading = context.contract.isReadOnly
        if isReading, folder.parts.first != "repo" { throw ToolRefusal("cwd must lie in the repository") }
        let words = isReading ? throwAwayCopy(command, folder.shown) : ["/bin/sh", "-c", command]
        let result = try await context.workbench.run(
            ExecRequest(
                words,
                workingDirectory: isReading ? "/tmp" : folder.inside,
                timeout: .seconds(seconds),
                outputLimit: 24 << 10
            )
        )
        if isReading {
            // Not by the command itself, which may have been killed. What this leaves goes with the sandbox.
            _ = try await context.workbench.run(
                ExecRequest(
                    ["/bin/sh", "-c", "chmod -R u+rwX \(copyFolder); rm -rf \(copyFolder)"],
                    workingDirectory: "/tmp",
                    timeout: .seconds(20),
                    outputLimit: 0
                )
            )
        }
        return ToolOutput(result.report(seconds: seconds), isError: !result.succeeded)
    }
}

/// One is enough, since no two commands of an attempt run at once.
private let copyFolder = "/tmp/.agirunner-copy"

/// Runs the command in a copy of the repository that is removed afterwards, since nobody may change what is
/// only read.
private func throwAwayCopy(_ command: String, _ folder: String) -> [String] {
    let script = """
        rm -rf \(copyFolder) && mkdir \(copyFolder) || exit 125
        cp -a /workspace/repo \(copyFolder)/repo && cd "\(copyFolder)/repo/$2" || exit 125
        exec /bin/sh -c "$1"
        """
    return ["/bin/sh", "-c", script, "sh", command, folder]
}

extension ExecResult {
    /// How the command ended and what it wrote, for a model.
    func report(seconds: Int64) -> String {
        var lines: [String] = []
        if let exceeded {
            lines.append("killed: the sandbox's limit of \(exceeded.rawValue) was exceeded")
        } else if timedOut {
            lines.append("killed after \(seconds) s: the time was over")
        } else {
            lines.append("exit code: \(exitCode)")
        }
        for (name, stream) in [("stdout", standardOutput), ("stderr", standardError)] where stream.total > 0 {
            lines.append("\(name):\n\(stream.text)")
        }
        return lines.joined(separator: "\n")
    }
}
