import Containers
import Foundation
import Logging
import Support

/// A sandbox that is made and has run its first command, beside a bare bubblewrap.
func sandboxFigure() async throws -> Figure {
    let count = 60
    let folder = try await TemporaryFolder()
    // bubblewrap runs as a user of its own when we are root, and must be able to pass through.
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    let settings = LocalEngineSettings(
        folder: "\(folder.path)/state",
        // A range that no installation uses by itself, with its locks in our own folder.
        userIDs: 64_900...64_903,
        userIDFolder: "\(folder.path)/users"
    )
    let engine = SandboxEngine.local(settings, logger: Logger(label: "benchmarks"))
    var ready: [Duration] = []
    var floor: [Duration] = []
    // Alternately, so that whatever else the machine does meets both.
    for number in 0..<count {
        ready.append(try await readyTime(engine, folder, "bench-\(number)"))
        floor.append(
            try await timed {
                try await output(
                    of: settings.bubblewrap,
                    ["--ro-bind", "/", "/", "--unshare-all", "/bin/true"]
                )
            }
        )
    }
    return .latency(
        "sandbox made and first command run, beside a bare `bwrap`",
        try Samples(ready),
        floor: try Samples(floor),
        p50: 25
    )
}

private func readyTime(
    _ engine: SandboxEngine,
    _ folder: TemporaryFolder,
    _ name: String
) async throws -> Duration {
    let workspace = "\(folder.path)/\(name)"
    try FileManager.default.createDirectory(
        atPath: "\(workspace)/repo",
        withIntermediateDirectories: true
    )
    let start = ContinuousClock.now
    let sandbox = try await engine.create(SandboxSpec(name: name, workspace: workspace))
    let result = try await engine.exec(sandbox, ExecRequest(["/bin/true"]))
    let time = start.duration(to: .now)
    await engine.destroy(sandbox)
    guard result.succeeded else { throw BenchmarkError("/bin/true failed in a sandbox: \(result.exitCode)") }
    return time
}
