internal import ArgumentParser
internal import Containers
internal import Domain
internal import Glibc
internal import Logging
internal import Outbound
internal import Runtime
internal import ServiceLifecycle
internal import Synchronization
internal import Telemetry
internal import UnixSignals

/// The process that claims tasks and runs an agent for each, in a sandbox.
@main
struct AgirunnerRuntime: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agirunner-runtime",
        abstract: "Claims tasks and runs an agent for each, in a sandbox."
    )

    @Option(help: "The unix socket of the control plane's worker door.")
    var workerSocket: String

    @Option(help: "The file with the token that the runtime was provisioned with.")
    var tokenFile: String

    @Option(help: "The name of the runtime.")
    var name: String

    @Option(help: "The folder of sandboxes and attempts; every user must be able to enter it.")
    var state: String

    @Option(help: "Host users for sandboxes when this runs as root, such as 64100-64163.")
    var sandboxUids: String = "64100-64163"

    @Option(help: "The least severe level that is logged.")
    var logLevel: LogLevel = .info

    func run() async throws {
        // A peer that closes its socket is an error of the call, not the end of the process.
        _ = signal(SIGPIPE, SIG_IGN)
        let telemetry = bootstrap(program: "agirunner-runtime", level: logLevel)
        var logger = Logger(label: "runtime")
        logger[metadataKey: "runtime"] = "\(name)"

        try HTTPClient.initialise()
        let (parts, settings) = try compose(logger)
        for secret in parts.secrets { telemetry.redaction.register(secret) }
        try await Worker.prepare(parts)
        let life = RuntimeLife(worker: Worker(settings, parts), logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: life, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
        // sysexits: the runtime is to be started anew, by whoever manages it.
        if life.wasAbandoned { throw ExitCode(75) }
    }

    private func compose(_ logger: Logger) throws -> (RuntimeParts, WorkerSettings) {
        guard isDNSLabel(name) else { throw ValidationError("--name must be a DNS label") }
        guard state.hasPrefix("/"), tokenFile.hasPrefix("/"), workerSocket.hasPrefix("/") else {
            throw ValidationError("--state, --token-file and --worker-socket must be absolute paths")
        }
        let token = try readToken(at: tokenFile)
        let engine = SandboxEngine.local(
            LocalEngineSettings(folder: "\(state)/engine", userIDs: try userIDs()),
            logger: logger
        )
        let parts = RuntimeParts(
            door: .socket(workerSocket, token: token, client: try HTTPClient()),
            engine: engine,
            folder: "\(state)/attempts/\(name)",
            logger: logger,
            secrets: [token]
        )
        let settings = WorkerSettings(
            name: name,
            version: productVersion,
            commands: try hostCommands(),
            requestID: { UID(bytes: (0..<16).map { _ in .random(in: .min ... .max) }).text },
            random: { .random(in: 0..<1) }
        )
        return (parts, settings)
    }

    private func userIDs() throws -> ClosedRange<UInt32> {
        let ends = sandboxUids.split(separator: "-").compactMap { UInt32($0) }
        guard ends.count == 2, ends[0] > 0, ends[0] <= ends[1] else {
            throw ValidationError("--sandbox-uids must be a range such as 64100-64163")
        }
        return ends[0]...ends[1]
    }
}

extension LogLevel: ExpressibleByArgument {}

/// Runs the worker; a request to shut down drains it.
private final class RuntimeLife: Service {
    private let worker: Worker
    private let logger: Logger
    private let end = Mutex<Worker.End?>(nil)

    init(worker: Worker, logger: Logger) {
        self.worker = worker
        self.logger = logger
    }

    var wasAbandoned: Bool {
        if case .abandoned = end.withLock({ $0 }) { return true }
        return false
    }

    func run() async throws {
        let end = try await withGracefulShutdownHandler {
            try await worker.run()
        } onGracefulShutdown: {
            self.worker.drain()
        }
        self.end.withLock { $0 = end }
        switch end {
        case .drained: logger.info("drained")
        case .abandoned(let reason): logger.error("abandoned", metadata: ["reason": "\(reason)"])
        }
    }
}
