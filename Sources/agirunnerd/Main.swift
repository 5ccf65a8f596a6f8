import ArgumentParser
import Domain
import Git
import Logging
import Telemetry
import Threads

/// `agirunnerd`, the control plane; called as `agirunnerd git-fetch-child` it is the killable child that
/// fetches.
@main
enum Main {
    static func main() async {
        if CommandLine.arguments.dropFirst().first == FetchChild.argument { runFetchChild() }
        await Daemon.main()
    }
}

/// The control plane: watches sources, reconciles, orchestrates, and answers on three doors.
struct Daemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agirunnerd",
        abstract: "The control plane of Agirunner.",
        discussion: "Usually started by 'agirunner up'. Any number of them may share one Postgres."
    )

    @Option(help: "The folder for sockets and git mirrors.")
    var state: String
    @Option(help: "The folder of Postgres' socket, or a host name.")
    var databaseSocket: String
    @Option(help: "The Postgres role; the database has the same name.")
    var databaseUser = "agirunner"
    @Option(help: "The TCP port of the public door on 127.0.0.1; 0 lets the system choose.")
    var publicPort = 8080
    @Option(help: "What somebody unknown may read on the public door: everything or health.")
    var anonymousRead = "health"
    @Option(help: "A file that holds the fleet manager's token.")
    var fleetTokenFile: String
    @Option(help: "The repository of the GitSource 'main', made when there is none.")
    var bootstrapSource: String?
    @Option(help: "How often a worker must be heard of.")
    var heartbeat = "5s"
    @Option(help: "How long an attempt is held without a heartbeat.")
    var lease = "30s"
    @Option(help: "trace, debug, info, notice, warning or error.")
    var logLevel = "info"

    var heartbeatDuration: Duration { Duration(text: heartbeat) ?? .seconds(5) }
    var leaseDuration: Duration { Duration(text: lease) ?? .seconds(30) }

    func validate() throws {
        guard Duration(text: heartbeat) != nil, Duration(text: lease) != nil else {
            throw ValidationError("--heartbeat and --lease must be durations such as 5s")
        }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level must be trace, debug, info, notice, warning or error")
        }
    }

    func run() async throws {
        let telemetry = bootstrap(program: "agirunnerd", level: Logger.Level(rawValue: logLevel) ?? .info)
        let logger = Logger(label: "agirunnerd")
        do {
            try limitMemoryArenas(to: 2)
            try Git.initialise()
            try await Assembly(daemon: self, telemetry: telemetry, logger: logger).run()
        } catch {
            logger.critical("The control plane stopped", metadata: ["error": "\(error)"])
            throw ExitCode.failure
        }
    }
}
