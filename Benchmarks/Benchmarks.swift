import Foundation
import Logging
import Outbound
import Support

/// Measures the product beside the floor of each figure and prints one table.
///
/// No figure is asserted: a slow machine is no defect. What could not be measured is left out of the table,
/// named on standard error, and makes the exit code 1. Arguments are subjects, as standard error names them;
/// only those are measured then.
@main enum Benchmarks {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == idleArgument {
            // This program is the floor of another one: it does nothing until its starter ends it.
            try await ContinuousClock().sleep(for: .seconds(600))
            return
        }
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        try HTTPClient.initialise()
        let cluster = try await TemporaryCluster.shared()
        var report = Report(wanted: Set(arguments))
        // First what needs a quiet machine; the installation runs only while it is measured.
        await report.measure("sandbox") { [try await sandboxFigure()] }
        await report.measure("store") { try await storeFigures(cluster) }
        for count in [100, 1000, 10_000] {
            await report.measure("catalog") { try await catalogFigures(count) }
        }
        await report.measure(largeCatalog, isAsked: true) { try await catalogFigures(100_000) }
        if report.wants(["commits", "loop", "command line", "idle", "memory"]) {
            await report.measureInstallation(cluster)
        }
        print(report.table)
        print("\n\(await machineLine(cluster))")
        if !report.isComplete { exit(1) }
    }
}

/// The subject of a catalog that takes too long for every run: it is measured when it is named.
let largeCatalog = "catalog-100000"

/// Makes this program an idle one.
let idleArgument = "idle"

extension Report {
    /// Measures everything that needs a whole installation, in an order that leaves the idle one for the end.
    fileprivate mutating func measureInstallation(_ cluster: TemporaryCluster) async {
        do {
            let stack = try await Stack.started()
            await measure("commits") { try await commitFigures(stack) }
            await measure("loop") { try await loopFigures(stack) }
            await measure("command line") { [try await commandLineFigure(stack)] }
            await measure("idle") { try await idleFigures(stack, floor: cluster) }
            await measure("memory") { [try await growthFigure(stack)] }
            try await stack.stop()
        } catch { miss("installation", error) }
    }
}

/// What the figures were measured on.
private func machineLine(_ cluster: TemporaryCluster) async -> String {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    // `psql (PostgreSQL) 15.18`, and what the distribution adds.
    let postgres = await answer("/usr/bin/psql", ["--version"]).split(separator: " ").dropFirst(2).first
    let swift = await answer("/usr/bin/env", ["swift", "--version"])
    let version = swift.split(separator: "\n").first { $0.contains("Swift version") } ?? "Swift unknown"
    return "\(cores) cores; PostgreSQL \(postgres ?? "unknown"); \(version)."
}

private func answer(_ executable: String, _ arguments: [String]) async -> String {
    // A machine without the program says nothing about it, and the figures stand all the same.
    (try? await output(of: executable, arguments, environment: ProcessInfo.processInfo.environment)) ?? ""
}
