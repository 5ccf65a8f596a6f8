internal import Glibc
internal import Threads

/// Runs an installation until somebody asks for its end: database, control plane and fleet manager, each
/// started or adopted, kept running, and stopped in order.
///
/// A second `up` on the same state folder goes on where the first was, also after a kill −9 of all of it.
/// *Cancellation*: counts as a request to stop.
/// - Throws: `Failure` when something does not start; whatever ran is stopped then too.
package func up(_ settings: EmbeddedSettings, ports: UpPorts) async throws {
    let installation = Installation(state: settings.state)
    let isRoot = geteuid() == 0
    let account = try serverAccount(userID: geteuid(), accounts: FileSystem.text("/etc/passwd") ?? "")
    let folder = try StateFolder.open(installation, server: account)
    try folder.ensureSecret(installation.fleetTokenFile, ports.newToken)
    try folder.ensureSecret(installation.sealingKeyFile, ports.newToken)
    let databasePrograms = try PostgresPrograms.find(
        root: settings.databasePrograms,
        dataFolder: PostgresCluster.dataFolder(installation)
    )
    let stops = StopRequests()
    let supervision = Supervision(installation: installation, stops: stops, progress: ports.progress)
    let repositories = Repositories(
        installation: installation,
        environment: settings.environment,
        progress: ports.progress
    )
    @Sendable func programs(source: String?) -> [Program] {
        let cluster = PostgresCluster(
            installation: installation,
            programs: databasePrograms,
            account: account
        )
        var daemon = DaemonCommand(installation: installation, settings: settings, source: source).program
        daemon.isReady = { await ports.probe(installation) }
        var fleet = FleetCommand(installation: installation, settings: settings, isRoot: isRoot).program
        fleet.cleanUp = { await endRuntimes(in: installation.runtimes) { stops.isHurried } }
        return [cluster.program(readyWithin: settings.readyWithin), daemon, fleet]
    }
    try await withTaskCancellationHandler {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in ports.stops { stops.note() } }
            defer { group.cancelAll() }
            let source: String?
            do { source = try await repositories.source(folder: settings.folder) } catch {
                await supervision.stop(programs(source: nil))
                throw error
            }
            if source == nil {
                ports.progress("there is no configuration yet; give one with `agirunner up DIR`")
            }
            try await supervision.run(programs(source: source))
        }
    } onCancel: {
        stops.note()
    }
    folder.release()
}
