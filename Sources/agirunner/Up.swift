import ArgumentParser
import CommandLine
import Domain
import Embedded
import Glibc
import Outbound
import Secrets
import Telemetry
import Threads

/// `agirunner up`: everything on this machine with one command.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a private Postgres, the control plane and the fleet, and stay until Ctrl-C.",
        discussion: """
            FOLDER is a git repository with configuration, or an example folder whose config/ and \
            workspaces/ become git repositories in the state folder. A second 'up' continues where the first \
            one was.
            """
    )

    @Argument(help: "A git repository or an example folder.") var folder: String?
    @Option(help: "Where everything is kept (default: AGIRUNNER_STATE, or the user's own).") var state:
        String?
    @Option(help: "The port of the read-only HTTP door on 127.0.0.1.") var port = 8080
    @Option(help: "How often a runtime must be heard of.") var heartbeat = "5s"
    @Option(help: "How long an attempt is held without a heartbeat; then its task is given to another.")
    var lease = "30s"
    @Option(help: "The least severe level that is logged.") var logLevel = LogLevel.info

    func validate() throws {
        // As agirunnerd asks for, which would be started again and again.
        guard let heartbeat = Duration(text: heartbeat), let lease = Duration(text: lease),
            heartbeat > .zero, lease >= heartbeat * 3
        else {
            throw ValidationError(
                "--heartbeat and --lease must be durations such as 5s, --lease at least three times as long"
            )
        }
    }

    func run() async throws {
        // Whoever reads what it says may go, as `tee` does at Ctrl-C; what runs must still be stopped.
        _ = signal(SIGPIPE, SIG_IGN)
        let environment = try ownEnvironment()
        let state =
            state ?? environment["AGIRUNNER_STATE"]
            ?? Installation.defaultState(userID: getuid(), environment: environment)
        let settings = EmbeddedSettings(
            state: state,
            publicPort: port,
            folder: folder,
            programDirectory: try ownProgramFolder(),
            environment: environment,
            logLevel: logLevel.rawValue,
            heartbeat: heartbeat,
            lease: lease
        )
        let http = try HTTPClient()
        let ports = UpPorts(
            probe: { await isReady($0, http) },
            progress: complain,
            newToken: { randomToken() },
            stops: stopSignals()
        )
        try await up(settings, ports: ports)
    }
}

extension LogLevel: ExpressibleByArgument {}

/// Whether the control plane says that it is ready.
private func isReady(_ installation: Installation, _ http: HTTPClient) async -> Bool {
    let request = HTTPRequest(
        method: "GET",
        url: "http://agirunner/readyz",
        unixSocketPath: installation.controlSocket,
        totalTimeout: .seconds(2)
    )
    // No answer means not ready yet; the supervisor asks again.
    return (try? await http.send(request, maximumBodyBytes: 1 << 16))?.status == 200
}
