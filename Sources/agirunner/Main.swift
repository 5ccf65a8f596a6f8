import ArgumentParser
import CommandLine
import Domain
import Embedded
import Glibc
import Outbound
import Secrets
import Telemetry
import Threads

/// `agirunner`, the command line.
@main
enum Main {
    static func main() async {
        do {
            try HTTPClient.initialise()
            let environment = try commandEnvironment()
            await CommandEnvironment.$current.withValue(environment) { await run() }
        } catch {
            complain("error: \(error)")
            exit(1)
        }
    }

    /// Parses and runs one command; a failure of ours is one line and an exit code, not a usage text.
    private static func run() async {
        do {
            try refuseUnknownCommand()
            var command = try Root.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            complain("\(failure)")
            exit(failure.exitCode)
        } catch let failure as Failure {
            complain("error: \(failure)")
            exit(1)
        } catch let error as OutboundError {
            complain("\(CommandFailure(error))")
            exit(1)
        } catch {
            Root.exit(withError: error)
        }
    }
}

extension Main {
    /// Names the nearest command; the parser would only say that there is an argument too many.
    private static func refuseUnknownCommand() throws {
        guard let word = Swift.CommandLine.arguments.dropFirst().first, !word.hasPrefix("-") else { return }
        let known = Root.configuration.subcommands.map { $0._commandName } + ["help"]
        guard !known.contains(word) else { return }
        let near = nearestName(to: word, among: known).map { "; did you mean '\($0)'?" } ?? ""
        throw CommandFailure("unknown command '\(word)'\(near)\nsee 'agirunner --help'")
    }
}

/// The root of all verbs.
struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agirunner",
        abstract:
            "Run repeatable AI work from git: declare it, watch it converge, decide where people decide.",
        version: productVersion,
        subcommands: [Up.self] + commandVerbs + [Version.self, Completion.self]
    )
}

/// `agirunner version`.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")

    func run() { output("agirunner \(Root.configuration.version)") }
}

/// `agirunner completion`.
struct Completion: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a completion script for bash, zsh or fish."
    )

    @Argument(help: "bash, zsh or fish.") var shell: String

    func run() throws {
        guard let shell = CompletionShell(rawValue: shell) else {
            throw CommandFailure("the shell must be bash, zsh or fish, not '\(shell)'")
        }
        output(Root.completionScript(for: shell))
    }
}

/// Writes a line for the person at the terminal, apart from the data on standard output.
func complain(_ text: String) {
    // A terminal that is gone cannot be told about it.
    _ = write("\(text)\n", to: 2)
}

/// Writes a line of data at once, so that a reader of a pipe sees it when it happens.
///
/// What cannot be written ends the program: a verb that went on would end as if somebody had read it.
private func output(_ text: String) {
    let number = write("\(text)\n", to: 1)
    guard number != 0 else { return }
    // A reader that went away has seen what it wanted.
    if number != EPIPE {
        complain("error: standard output cannot be written: \(unsafe String(cString: strerror(number)))")
    }
    exit(1)
}

private func commandEnvironment() throws -> CommandEnvironment {
    let http = try HTTPClient()
    let variables = try ownEnvironment()
    return CommandEnvironment(
        connect: { ControlClient(transport: transport(over: http, socket: $0)) },
        defaultState: {
            variables["AGIRUNNER_STATE"]
                ?? Installation.defaultState(userID: getuid(), environment: variables)
        },
        output: output,
        notice: complain,
        progress: { if isatty(2) == 1 { complain($0) } },
        now: { Timestamp(microseconds: WallTime.now().milliseconds * 1000) },
        userID: { getuid() },
        variable: { variables[$0] },
        send: { try await http.send($0, maximumBodyBytes: $1) }
    )
}
