import Domain
import Glibc
import Testing
import Threads

@testable import Embedded

@Suite(.timeLimit(.minutes(5))) struct UpTests {
    @Test func `up starts everything in order, and a stop ends it in the opposite order`() async throws {
        try await TemporaryState.with { state in
            try state.writePrograms()
            let session = Session()
            let running = Task { try await up(state.settings(), ports: session.ports) }
            await session.saw("everything runs")
            #expect(state.running == ["postgres", "agirunnerd", "agirunner-fleet"])
            #expect(indices(session, "ready (") == indices(session, "ready (").sorted())
            let arguments = FileSystem.text(state.installation.state + "/daemon.arguments") ?? ""
            #expect(arguments.contains("--database-socket \(state.installation.databaseSocketFolder)"))
            #expect(arguments.contains("--database-user agirunner --public-port 0"))
            session.stop()
            try await running.value
            let order = session.lines.filter { $0.hasSuffix("stopping") }
            #expect(order == ["agirunner-fleet: stopping", "agirunnerd: stopping", "postgres: stopping"])
            #expect(state.running.isEmpty)
            #expect(await state.isLeftAlone())
            #expect(FileSystem.names(in: state.installation.processes).isEmpty)
        }
    }

    @Test func `a second up after a kill of the first adopts all of it`() async throws {
        try await TemporaryState.with { state in
            try state.writePrograms()
            // What a killed up leaves: everything started and recorded, nobody in charge, the lock free.
            let session = Session()
            try await start(state, session)
            let left = ["postgres", "agirunnerd", "agirunner-fleet"].map { state.process($0) }
            #expect(!left.contains(nil))
            session.forget()
            let running = Task { try await up(state.settings(), ports: session.ports) }
            await session.saw("everything runs")
            #expect(["postgres", "agirunnerd", "agirunner-fleet"].map { state.process($0) } == left)
            session.stop()
            try await running.value
            #expect(await state.isLeftAlone())
        }
    }

    @Test func `what a killed up left is stopped when the next one is given a wrong folder`() async throws {
        try await TemporaryState.with { state in
            try state.writePrograms()
            let session = Session()
            try await start(state, session)
            let failure = await #expect(throws: Failure.self) {
                try await up(state.settings(folder: state.folder + "/none"), ports: session.ports)
            }
            #expect(failure?.code == .notFound)
            #expect(state.running.isEmpty)
            #expect(await state.isLeftAlone())
        }
    }

    @Test func `what was started differently is replaced`() async throws {
        try await TemporaryState.with { state in
            try state.writePrograms()
            let session = Session()
            try await start(state, session)
            let old = state.process("agirunnerd")
            let database = state.process("postgres")
            session.forget()
            var settings = state.settings()
            settings.logLevel = "debug"
            let running = Task { [settings] in try await up(settings, ports: session.ports) }
            await session.saw("everything runs")
            #expect(state.process("agirunnerd") != old)
            #expect(state.process("postgres") == database)
            session.stop()
            try await running.value
            #expect(await state.isLeftAlone())
        }
    }

    @Test func `a program that dies is started again while the others go on`() async throws {
        try await TemporaryState.with { state in
            try state.writePrograms()
            let session = Session()
            let running = Task { try await up(state.settings(), ports: session.ports) }
            await session.saw("everything runs")
            let first = try #require(state.process("agirunner-fleet"))
            let database = state.process("postgres")
            kill(first.pid, SIGKILL)
            await session.saw("agirunner-fleet: ready again")
            #expect(state.process("agirunner-fleet") != first)
            #expect(state.process("postgres") == database)
            session.stop()
            try await running.value
            #expect(await state.isLeftAlone())
        }
    }

    @Test func `a second stop hurries a program that does not end`() async throws {
        try await TemporaryState.with { state in
            try state.writePrograms(
                fleet: "#!/bin/sh\ntrap '' TERM QUIT\ntouch stubborn\nwhile :; do sleep 0.1; done\n"
            )
            let session = Session()
            let running = Task { try await up(state.settings(), ports: session.ports) }
            await session.saw("everything runs")
            while FileSystem.entry(state.installation.state + "/stubborn") == nil { await Task.yield() }
            session.stop()
            await session.saw("agirunner-fleet: stopping")
            let began = ContinuousClock.now
            session.stop()
            try await running.value
            #expect(began.duration(to: .now) < .seconds(25))
            #expect(await state.isLeftAlone())
        }
    }

    @Test func `runtimes that a dead fleet left are ended too`() async throws {
        try await TemporaryState.with { state in
            try state.writePrograms()
            let session = Session()
            let running = Task { try await up(state.settings(), ports: session.ports) }
            await session.saw("everything runs")
            let command = Command(
                executable: "/bin/sh",
                arguments: ["-c", "trap '' TERM; while :; do sleep 0.1; done"],
                directory: state.installation.state
            )
            let runtime = try DetachedProcess(command).start()
            let folder = state.installation.runtimes + "/local-a"
            try FileSystem.makeFolder(folder, mode: 0o755)
            let record: Value = [
                "boot": .string(ProcessIdentity.currentBoot), "process": try Value(encoding: runtime),
            ]
            try FileSystem.write(record.canonicalBytes, to: folder + "/record.json")
            session.stop()
            await session.saw("agirunner-fleet: stopping")
            session.stop()
            try await running.value
            #expect(!runtime.isAlive)
            #expect(await state.isLeftAlone())
        }
    }

    @Test func `a program that never gets ready is told with the end of its log, and nothing stays`()
        async throws
    {
        try await TemporaryState.with { state in
            try state.writePrograms(daemon: "#!/bin/sh\necho the port is on fire >&2\nexit 1\n")
            let session = Session()
            var settings = state.settings()
            settings.readyWithin = .seconds(20)
            let failure = await #expect(throws: Failure.self) { try await up(settings, ports: session.ports) }
            #expect(failure?.code == .unavailable)
            #expect(failure?.message.contains("the port is on fire") == true)
            #expect(state.running.isEmpty)
            #expect(await state.isLeftAlone())
        }
    }

    @Test func `a missing program is named`() async throws {
        try await TemporaryState.with { state in
            let failure = await #expect(throws: Failure.self) {
                try await up(state.settings(programs: state.folder + "/none"), ports: Session().ports)
            }
            #expect(failure?.message.contains("/none/agirunnerd is missing") == true)
            #expect(await state.isLeftAlone())
        }
    }

    @Test func `a stop while the control plane starts ends what was started`() async throws {
        try await TemporaryState.with { state in
            try state.writePrograms(daemon: "#!/bin/sh\nexec sleep 600\n")
            let session = Session()
            let running = Task { try await up(state.settings(), ports: session.ports) }
            await session.saw("postgres: ready")
            session.stop()
            try await running.value
            #expect(!session.lines.contains("everything runs"))
            #expect(await state.isLeftAlone())
        }
    }

    @Test func `a cancelled up stops everything`() async throws {
        try await TemporaryState.with { state in
            try state.writePrograms()
            let session = Session()
            let running = Task { try await up(state.settings(), ports: session.ports) }
            await session.saw("everything runs")
            running.cancel()
            _ = await running.result
            #expect(state.running.isEmpty)
            #expect(await state.isLeftAlone())
        }
    }

    /// Starts the three programs as `up` does and forgets them.
    private func start(_ state: TemporaryState, _ session: Session) async throws {
        let folder = try StateFolder.open(state.installation, server: state.account)
        try folder.ensureSecret(state.installation.fleetTokenFile, session.ports.newToken)
        let cluster = PostgresCluster(
            installation: state.installation,
            programs: try .find(
                root: "/usr/lib/postgresql",
                dataFolder: PostgresCluster.dataFolder(state.installation)
            ),
            account: state.account
        )
        let settings = state.settings()
        let programs = [
            cluster.program(readyWithin: .seconds(60)),
            DaemonCommand(installation: state.installation, settings: settings, source: nil).program,
            FleetCommand(installation: state.installation, settings: settings, isRoot: geteuid() == 0)
                .program,
        ]
        for program in programs {
            try await Keeper(program: program, installation: state.installation, progress: session.say)
                .begin()
        }
        folder.release()
    }

    private func indices(_ session: Session, _ text: String) -> [Int] {
        let lines = session.lines.filter { $0.contains(text) }
        return ["postgres", "agirunnerd", "agirunner-fleet"].compactMap { name in
            lines.firstIndex { $0.hasPrefix(name + ":") }
        }
    }
}
