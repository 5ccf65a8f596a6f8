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
        var arguments = [
            "--worker-socket", settings.workerSocket, "--name", name, "--token-file", tokenFile,
            "--state", folder, "--log-level", settings.logLevel,
        ]
        if let users { arguments += ["--sandbox-uids", "\(users.lowerBound)-\(users.upperBound)"] }
        return Command(
            executable: settings.program,
            arguments: arguments,
            environment: settings.environment,
            directory: "/"
        )
    }

    /// The command behind a door that opens when the record is there, so that no runtime ever runs
    /// unrecorded; it ends when the record's folder is gone, or after ten seconds.
    func gated(by record: String) -> Command {
        var gated = command
        let door =
            "n=0; until [ -e \"$0\" ]; do n=$((n+1)); [ $n -gt 200 ] || [ ! -d \"${0%/*}\" ] && exit 75; "
            + "sleep 0.05; done; exec \"$@\""
        gated.executable = "/bin/sh"
        gated.arguments = ["-c", door, record, command.executable] + command.arguments
        return gated
    }
}
