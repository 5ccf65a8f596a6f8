import Foundation
import Threads

/// The folder of the programs, which is that of this one as well.
let programFolder: String = {
    // Without /proc nothing of this can run, and the first program that is missing says so.
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
}()

/// Runs a program that must succeed and answers its standard output.
@discardableResult
func output(
    of executable: String,
    _ arguments: [String],
    environment: [String: String] = ["PATH": "/usr/bin:/bin"],
    directory: String? = nil,
    input: String = "",
    within limit: Duration = .seconds(120)
) async throws -> String {
    let command = Command(
        executable: executable,
        arguments: arguments,
        environment: environment,
        directory: directory
    )
    let output = try await ChildProcess(command, standardInput: Array(input.utf8)).run(until: .after(limit))
    guard output.succeeded else {
        let error = String(decoding: output.standardError, as: UTF8.self)
        throw BenchmarkError("\(executable) \(arguments.joined(separator: " ")): \(output.status) \(error)")
    }
    return String(decoding: output.standardOutput, as: UTF8.self)
}

/// Looks again and again until something holds.
///
/// - Throws: `BenchmarkError` when it does not hold in time; what the look throws.
func wait(for what: String, within limit: Duration, _ holds: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !holds() {
        guard ContinuousClock.now < deadline else {
            throw BenchmarkError("\(what) did not come within \(limit)")
        }
        try await ContinuousClock().sleep(for: .milliseconds(20))
    }
}
