internal import ArgumentParser
internal import Domain
internal import Fleet
internal import Glibc
internal import Logging
internal import Outbound
internal import ServiceLifecycle
internal import Telemetry
internal import Threads
internal import UnixSignals

/// The process that makes the running runtimes match the wanted ones.
@main
struct AgirunnerFleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agirunner-fleet",
        abstract: "Makes the running runtimes match the wanted ones.",
        discussion: """
            SIGTERM and SIGINT end it as --on-exit says, SIGQUIT without waiting for anything. \
            SIGHUP makes it look at once.
            """
    )

    @Option(help: "The unix socket of the control plane's worker door.")
    var workerSocket: String

    @Option(help: "The file with the token that proves the fleet manager.")
    var tokenFile: String

    @Option(help: "The state folder; runtimes lie in runtimes/, their logs in logs/.")
    var state: String

    @Option(help: "The program agirunner-runtime; the one beside this program when absent.")
    var runtimeProgram: String?

    @Option(help: "Host users for sandboxes when this runs as root, such as 620000-629999.")
    var sandboxUids: String?

    @Option(help: "What becomes of the runtimes at the end: detach or cascade.")
    var onExit: OnExit = .detach

    @Option(help: "The least severe level that is logged.")
    var logLevel: LogLevel = .info

    func validate() throws {
        for path in [workerSocket, tokenFile, state] where !path.hasPrefix("/") {
            throw ValidationError("\(path) must be an absolute path")
        }
        _ = try userIDs()
    }

    func run() async throws {
        // A peer that closes its socket is an error of the call, not the end of the process.
        _ = signal(SIGPIPE, SIG_IGN)
        _ = bootstrap(program: "agirunner-fleet", level: logLevel)
        let logger = Logger(label: "fleet")
        try HTTPClient.initialise()
        let service = FleetService(
            door: .socket(workerSocket, token: try token(), client: try HTTPClient(maximumTransfers: 8)),
            runtimes: try LocalRuntimes(
                LocalRuntimeSettings(
                    state: state,
                    program: try runtimeProgram ?? ownProgramFolder() + "/agirunner-runtime",
                    workerSocket: workerSocket,
                    sandboxUserIDs: try userIDs(),
                    environment: try ownEnvironment(),
                    logLevel: logLevel.rawValue
                )
            ),
            onExit: onExit,
            now: { Timestamp(microseconds: WallTime.now().milliseconds * 1000) },
            random: { .random(in: 0..<1) },
            logger: logger
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service), .init(service: Waker(fleet: service))],
                gracefulShutdownSignals: [.sigterm, .sigint],
                cancellationSignals: [.sigquit],
                logger: logger
            )
        )
        try await group.run()
    }

    private func token() throws -> String {
        String(decoding: try fileContent(tokenFile).filter { $0 > 32 }, as: UTF8.self)
    }

    private func userIDs() throws -> ClosedRange<UInt32>? {
        guard let sandboxUids else { return nil }
        let ends = sandboxUids.split(separator: "-").compactMap { UInt32($0) }
        guard ends.count == 2, ends[0] > 0, ends[0] <= ends[1] else {
            throw ValidationError("--sandbox-uids must be a range such as 620000-629999")
        }
        return ends[0]...ends[1]
    }
}

extension OnExit: ExpressibleByArgument {}
extension LogLevel: ExpressibleByArgument {}

/// Has the fleet look at once at SIGHUP.
private struct Waker: Service {
    let fleet: FleetService

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            fleet.lookNow()
        }
    }
}
