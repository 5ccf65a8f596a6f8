internal import Domain
internal import Threads

/// How the control plane is called; its flags are written here and nowhere else.
struct DaemonCommand {
    let installation: Installation
    let settings: EmbeddedSettings
    /// Where the configuration comes from at the first start; nil leaves what the database knows.
    let source: String?

    var program: Program {
        var arguments = [
            "--state", installation.state, "--database-socket", installation.databaseSocketFolder,
            "--database-user", Installation.databaseUser, "--public-port", "\(settings.publicPort)",
            "--fleet-token-file", installation.fleetTokenFile, "--sealing-key-file",
            installation.sealingKeyFile, "--log-level", settings.logLevel, "--anonymous-read", "everything",
            "--heartbeat", settings.heartbeat, "--lease", settings.lease,
        ]
        if let source { arguments += ["--bootstrap-source", source] }
        return Program(
            name: "agirunnerd",
            command: Command(
                executable: settings.programDirectory + "/agirunnerd",
                arguments: arguments,
                environment: settings.environment,
                directory: installation.state
            ),
            stops: [StopStep(.terminate, patience: .seconds(20)), StopStep(.quit, patience: .seconds(2))],
            readyWithin: settings.readyWithin
        )
    }
}

/// How the fleet manager is called; its flags are written here and nowhere else.
struct FleetCommand {
    let installation: Installation
    let settings: EmbeddedSettings
    /// Whether sandboxes are given users of their own.
    let isRoot: Bool

    var program: Program {
        var arguments = [
            "--worker-socket", installation.workerSocket, "--token-file", installation.fleetTokenFile,
            "--state", installation.state, "--runtime-program",
            settings.programDirectory + "/agirunner-runtime",
            "--on-exit", "cascade", "--log-level", settings.logLevel,
        ]
        if isRoot {
            let users = settings.sandboxUserIDs
            arguments += ["--sandbox-uids", "\(users.lowerBound)-\(users.upperBound)"]
        }
        return Program(
            name: "agirunner-fleet",
            command: Command(
                executable: settings.programDirectory + "/agirunner-fleet",
                arguments: arguments,
                environment: environment,
                directory: installation.state
            ),
            // SIGTERM lets runtimes end their work for some seconds, SIGQUIT does not.
            stops: [StopStep(.terminate, patience: .seconds(30)), StopStep(.quit, patience: .seconds(5))],
            readyWithin: settings.readyWithin
        )
    }
}

extension FleetCommand {
    /// What programs commonly need to know of the machine and of who runs them.
    ///
    /// Everything else may be a secret of the control plane, which is not for those who start runtimes: a
    /// SecretStore names its variables as it likes.
    private var environment: [String: String] {
        let names: Set<String> = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR"]
        return settings.environment.filter { names.contains($0.key) || $0.key.hasPrefix("LC_") }
    }
}

/// Ends the runtimes that a fleet manager left, because it was killed or lay dead when everything was
/// stopped.
///
/// Each runtime has a folder with a `record.json` whose `process` tells pid and start time.
func endRuntimes(in folder: String, isHurried: @Sendable () -> Bool) async {
    let left = FileSystem.names(in: folder).compactMap { name -> ProcessIdentity? in
        guard let bytes = FileSystem.content("\(folder)/\(name)/record.json") else { return nil }
        // A file that is no record names no process.
        guard let record = try? Value(json: bytes), record["boot"]?.string == ProcessIdentity.currentBoot,
            let process = try? record["process"]?.decode(ProcessIdentity.self)
        else { return nil }
        return process.isAlive ? process : nil
    }
    // A process that cannot be signalled or awaited is none of ours; the rest is ended all the same.
    for process in left { _ = try? process.signal(.terminate) }
    let deadline = Deadline.after(.seconds(10))
    for process in left {
        while process.isAlive && !deadline.isPast && !isHurried() {
            // A wait that fails is followed by the kill below.
            _ = try? await DetachedProcess.waitForExit(
                process,
                until: min(deadline, .after(.milliseconds(200)))
            )
        }
        // A process that cannot be killed is found by the next start.
        if process.isAlive { _ = try? process.killGroup() }
    }
}
