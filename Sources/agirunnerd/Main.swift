import API
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
    @Option(help: "What somebody unknown may read on the public door.")
    var anonymousRead = AnonymousRead.health
    @Option(help: "A file that holds the fleet manager's token.")
    var fleetTokenFile: String
    @Option(help: "A file of the private keys for sealed secrets, one a line: the first seals, all open.")
    var sealingKeyFile: String?
    @Option(help: "The repository of the GitSource 'main', made when there is none.")
    var bootstrapSource: String?
    @Option(help: "How often a worker must be heard of.", transform: duration)
    var heartbeat: Duration = .seconds(5)
    @Option(help: "How long an attempt is held without a heartbeat.", transform: duration)
    var lease: Duration = .seconds(30)
    @Option(help: "The least severe level that is logged.")
    var logLevel: LogLevel = .info

    func validate() throws {
        // Two heartbeats may be lost before an attempt is.
        guard heartbeat > .zero, lease >= heartbeat * 3 else {
            throw ValidationError(
                "--heartbeat must be longer than 0s and --lease at least three times as long; they are "
                    + "\(heartbeat.text) and \(lease.text)"
            )
        }
    }

    func run() async throws {
        let telemetry = bootstrap(program: "agirunnerd", level: logLevel)
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

extension AnonymousRead: ExpressibleByArgument {}
extension LogLevel: ExpressibleByArgument {}

/// Reads the duration of an option.
private func duration(_ text: String) throws -> Duration {
    guard let duration = Duration(text: text) else {
        throw ValidationError("give a duration such as 5s or 2m")
    }
    return duration
}
