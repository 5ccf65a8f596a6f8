internal import Domain
internal import Threads

/// How the process is started that talks to remotes, and is killed when it takes too long.
///
/// libgit2 1.5 has no socket time-outs and cannot give up on a silent remote; a process can be killed.
package struct FetchChild: Sendable {
    /// The first argument by which a program knows that it shall be the child.
    package static let argument = "git-fetch-child"

    /// An absolute path.
    package var executable: String
    /// Without the program's name.
    package var arguments: [String]
    /// All the child sees; proxies are taken from `https_proxy`, `http_proxy` and `no_proxy`.
    package var environment: [String: String]

    /// A child of its parts; by default this program itself, which must call `runFetchChild`.
    package init(
        executable: String = "/proc/self/exe",
        arguments: [String] = [FetchChild.argument],
        environment: [String: String] = [:]
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }

    /// Asks a fresh child and returns the commit it answers.
    ///
    /// - Throws: the child's own `Failure`; `.timeout` when it was killed at the deadline; `.internal` when
    ///   it broke; `CancellationError`. The child is gone in every case.
    func commit(for request: FetchRequest, until deadline: Deadline) async throws -> CommitID {
        let command = Command(executable: executable, arguments: arguments, environment: environment)
        let child = ChildProcess(command, standardInput: request.bytes, outputLimit: 65_536, errorLimit: 4096)
        let output: ChildProcess.Output
        do {
            output = try await child.run(until: deadline)
        } catch let error as SystemError where error.code == .timedOut {
            throw Failure(
                .timeout,
                "\(request.url) did not answer in time: is it reachable? If it is only slow or large, raise "
                    + "'timeout'",
                outside: error.call
            )
        } catch let error as SystemError {
            throw Failure(.internal, "The fetch child cannot be run (\(error))", outside: error.call)
        }
        // No reply can be read from a child that crashed; what it said last is all there is.
        guard output.succeeded, let reply = try? FetchReply(bytes: output.standardOutput) else {
            let words = request.redacting(
                String(decoding: output.standardError.suffix(500), as: UTF8.self)
            )
            throw Failure(.internal, "The fetch child ended without an answer, \(output.status) (\(words))")
        }
        switch reply {
        case .commit(let id): return id
        case .failure(let failure): throw failure
        }
    }
}
