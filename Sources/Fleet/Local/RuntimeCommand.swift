internal import Threads

/// How a local runtime is called; its flags are written here and nowhere else.
struct RuntimeCommand {
    let settings: LocalRuntimeSettings
    let name: String
    let tokenFile: String
    /// Its own folder, which it empties when it starts.
    let folder: String
    let users: ClosedRange<UInt32>?

    var command: Command {
        var arguments = ["--worker-socket", settings.workerSocket, "--name", name]
        arguments += RuntimeCommand.mark(tokenFile)
        arguments += ["--state", folder, "--log-level", settings.logLevel]
        if let users { arguments += ["--sandbox-uids", "\(users.lowerBound)-\(users.upperBound)"] }
        return Command(
            executable: settings.program,
            arguments: arguments,
            environment: settings.environment,
            directory: "/"
        )
    }

    /// The arguments that no other process has.
    static func mark(_ tokenFile: String) -> [String] { ["--token-file", tokenFile] }
}
