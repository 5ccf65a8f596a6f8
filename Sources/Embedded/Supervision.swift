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
