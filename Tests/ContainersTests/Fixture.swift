import Containers
import Domain
import Foundation
import Logging
import Synchronization
import Testing

/// A folder of its own below /tmp, with an engine in it; both are gone after the body, also when it fails.
struct Fixture: Sendable {
    let folder: String
    let engine: SandboxEngine
    let settings: LocalEngineSettings

    static var isRoot: Bool { geteuid() == 0 }

    /// Users of different fixtures never meet, since tests run at the same time.
    private static let fixtures = Atomic<UInt32>(0)

    static func with(_ body: (Fixture) async throws -> Void) async throws {
        if !isRoot { print("NOTE: not root: sandboxes run as our own user, host users are not tested") }
        let folder = try temporaryFolder()
        let number = fixtures.add(1, ordering: .relaxed).oldValue % 200
        var settings = LocalEngineSettings(folder: folder + "/state")
        settings.userIDs = (64_400 + number * 4)...(64_403 + number * 4)
        let fixture = Fixture(
            folder: folder,
            engine: .local(settings, logger: Logger(label: "test")),
            settings: settings
        )
        do {
            try await body(fixture)
        } catch {
            try? removeTree(at: folder)  // the first error is the one that matters
            throw error
        }
        try removeTree(at: folder)
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    /// Makes a workspace and a sandbox over it, and destroys the sandbox after the body, also when it fails.
    func sandbox(
        _ name: String = "one",
        _ change: (inout SandboxSpec) -> Void = { _ in },
        _ body: (Sandbox) async throws -> Void
    ) async throws {
        let workspace = try makeWorkspace(name)
        var spec = SandboxSpec(name: name, workspace: workspace)
        change(&spec)
        let sandbox = try await engine.create(spec)
        do {
            try await body(sandbox)
        } catch {
            await engine.destroy(sandbox)
            throw error
        }
        await engine.destroy(sandbox)
    }

    func makeWorkspace(_ name: String) throws -> String {
        let workspace = "\(folder)/workspace-\(name)"
        try FileManager.default.createDirectory(
            atPath: workspace + "/repo",
            withIntermediateDirectories: true
        )
        return workspace
    }

    /// The files of the engine that still exist.
    var leftovers: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: settings.folder + "/sandboxes")) ?? []
    }
}

extension SandboxEngine {
    /// Runs a line of shell.
    func shell(
        _ sandbox: Sandbox,
        _ script: String,
        _ change: (inout ExecRequest) -> Void = { _ in }
    ) async throws -> ExecResult {
        var request = ExecRequest(["/bin/sh", "-c", script], timeout: .seconds(60))
        change(&request)
        return try await exec(sandbox, request)
    }
}

/// A new folder that every user can enter, with a short name.
func temporaryFolder() throws -> String {
    var template = Array("/tmp/ag.XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw Failure(.internal, "no temporary folder") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
}

/// The processes of the host with this text among their arguments.
func processes(with marker: String) -> [String] {
    let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return pids.filter { pid in
        guard Int(pid) != nil, let words = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
            return false
        }
        return String(decoding: words, as: UTF8.self).contains(marker)
    }
}

/// A number that no other process has among its arguments.
func uniqueMarker() -> String { "\(Int.random(in: 100_000...999_999)).\(Int.random(in: 100_000...999_999))" }

/// The failure that the body throws.
func failure(_ body: () async throws -> Void) async throws -> Failure {
    do {
        try await body()
    } catch let failure as Failure {
        return failure
    }
    throw Failure(.internal, "nothing was thrown")
}
