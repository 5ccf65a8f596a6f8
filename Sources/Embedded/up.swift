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
    try folder.ensureFleetToken(ports.newToken)
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

/// Keeps programs running of which each needs those before it.
struct Supervision: Sendable {
    let installation: Installation
    let stops: StopRequests
    let progress: @Sendable (String) -> Void

    /// Starts the programs in order, waits for a request to stop, and stops them in the opposite order.
    ///
    /// - Throws: the failure of the program that does not start; the others are stopped all the same.
    func run(_ programs: [Program]) async throws {
        do {
            try await keep(programs[...])
        } catch {
            await stop(programs)
            throw error
        }
        await stop(programs)
    }

    /// Stops the programs, also those that an earlier `up` left and this one did not reach.
    func stop(_ programs: [Program]) async {
        for program in programs.reversed() { await stop(program) }
    }

    private func keep(_ programs: ArraySlice<Program>) async throws {
        guard let program = programs.first else {
            progress("everything runs")
            return await stops.first()
        }
        let keeper = keeper(program)
        let isReady = try await stops.unlessStopped { try await keeper.begin() }
        guard isReady else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await keeper.keep() }
            defer { group.cancelAll() }
            try await keep(programs.dropFirst())
        }
        await stop(program)
    }

    // In a task of its own, since the waits of a stop must not end early when this one was cancelled.
    private func stop(_ program: Program) async {
        let stops = stops
        let keeper = keeper(program)
        await Task { await keeper.stop { stops.isHurried } }.value
    }

    private func keeper(_ program: Program) -> Keeper {
        Keeper(program: program, installation: installation, progress: progress)
    }
}
