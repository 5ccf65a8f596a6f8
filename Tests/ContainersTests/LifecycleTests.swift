import Domain
import Foundation
import Testing
import Threads

@testable import Containers

@Suite struct LifecycleTests {
    @Test func `destroy ends what runs and leaves the workspace alone`() async throws {
        try await Fixture.with { fixture in
            let marker = uniqueMarker()
            let workspace = try fixture.makeWorkspace("one")
            let sandbox = try await fixture.engine.create(SandboxSpec(name: "one", workspace: workspace))
            #expect(fixture.leftovers == ["one"])
            let running = Task { try await fixture.engine.shell(sandbox, "touch started; sleep \(marker)") }
            try await waitForFile(workspace + "/repo/started")
            await fixture.engine.destroy(sandbox)
            let ended = try await failure { _ = try await running.value }
            #expect(ended.code == .cancelled)
            #expect(processes(with: marker) == [])
            #expect(fixture.leftovers == [])
            #expect(FileManager.default.fileExists(atPath: workspace + "/repo/started"))
            let late = try await failure { _ = try await fixture.engine.shell(sandbox, "true") }
            #expect(late.code == .notFound)
            await fixture.engine.destroy(sandbox)
            let again = try await fixture.engine.create(SandboxSpec(name: "one", workspace: workspace))
            #expect(again.owner == sandbox.owner)
            #expect(try await fixture.engine.shell(again, "touch started").succeeded)
            await fixture.engine.destroy(again)
        }
    }

    @Test func `a tree made to resist removal is removed`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let script = """
                    import os
                    os.chdir("/tmp")
                    for name in ["moved-1", "moved-2/moved-3/full", "locked/a/b"]: os.makedirs(name)
                    open("moved-4", "w"); open(b"\\xff\\xfe", "w"); os.symlink("/usr", "link")
                    os.mkfifo("pipe")
                    os.chmod("locked/a", 0)
                    for depth in range(3000):
                        os.mkdir("deep"); os.chdir("deep")
                    """
                let result = try await fixture.engine.exec(sandbox, ExecRequest(["python3", "-c", script]))
                #expect(result.succeeded, "\(result.standardError.text)")
            }
            #expect(fixture.leftovers == [])
            #expect(FileManager.default.fileExists(atPath: "/usr/bin/env"))
        }
    }

    @Test func `names are unique, users are not shared, and specs are checked`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox("one") { one in
                let twice = try await failure { _ = try await fixture.engine.create(one.spec) }
                #expect(twice.code == .alreadyExists)
                if Fixture.isRoot {
                    var owners: Set<FileOwner?> = [one.owner]
                    var others: [Sandbox] = []
                    for number in 2...4 {
                        let workspace = try fixture.makeWorkspace("n\(number)")
                        others.append(
                            try await fixture.engine.create(
                                SandboxSpec(name: "n\(number)", workspace: workspace)
                            )
                        )
                        owners.insert(others.last?.owner)
                    }
                    #expect(owners.count == 4)
                    let fifth = SandboxSpec(name: "n5", workspace: try fixture.makeWorkspace("n5"))
                    let refused = try await failure { _ = try await fixture.engine.create(fifth) }
                    #expect(refused.code == .exhausted)
                    for sandbox in others { await fixture.engine.destroy(sandbox) }
                }
                for name in ["", "A", "a_b", "-a", "a-", "../a", "a/b", String(repeating: "a", count: 64)] {
                    let spec = SandboxSpec(name: name, workspace: one.spec.workspace)
                    #expect(try await failure { _ = try await fixture.engine.create(spec) }.code == .invalid)
                }
                for workspace in ["", "/", "relative", "/a/../b", "/a//b", "/a/", "/a\0b"] {
                    let spec = SandboxSpec(name: "x", workspace: workspace)
                    #expect(try await failure { _ = try await fixture.engine.create(spec) }.code == .invalid)
                }
                let missing = SandboxSpec(name: "x", workspace: fixture.folder + "/none")
                if Fixture.isRoot {
                    #expect(
                        try await failure { _ = try await fixture.engine.create(missing) }.code == .notFound
                    )
                    #expect(fixture.leftovers == ["one"])
                }
            }
        }
    }

    @Test func `the folder of users, which root alone can make, is made only where users are lent`() {
        let settings = LocalEngineSettings(folder: "/state/engine")
        let own = ["/state/engine", "/state/engine/sandboxes"]
        #expect(settings.folders(for: nil).map(\.path) == own)
        let users = UserIDPool(folder: settings.userIDFolder, range: settings.userIDs)
        #expect(settings.folders(for: users).map(\.path) == own + [settings.userIDFolder])
    }

    @Test func `a workspace the sandbox's user cannot reach is refused by name`() async throws {
        guard Fixture.isRoot else {
            print("NOTE: not root: the sandbox runs as our own user, who reaches what we reach")
            return
        }
        try await Fixture.with { fixture in
            let closed = fixture.folder + "/closed"
            try FileManager.default.createDirectory(
                atPath: closed + "/workspace",
                withIntermediateDirectories: true
            )
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: closed)
            let spec = SandboxSpec(name: "one", workspace: closed + "/workspace")
            let refused = try await failure { _ = try await fixture.engine.create(spec) }
            #expect(refused.code == .forbidden && refused.message.hasSuffix("cannot enter \(closed)"))
            #expect(fixture.leftovers == [])
        }
    }

    @Test func `what runs in a sandbox dies with the runtime, also when that is killed`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let marker = uniqueMarker()
                let layout = fixture.settings.folder(of: "one").layout
                let request = ExecRequest([
                    "/bin/sh", "-c", "touch started; setsid sleep \(marker) & sleep \(marker)",
                ])
                let options = bwrapArguments(sandbox.spec, layout, request).map { $0 + "\0" }.joined()
                try Data(options.utf8).write(to: URL(filePath: fixture.folder + "/options"))
                let script = "options=$1; shift; \"$@\" 3<\"$options\" & wait"
                let arguments =
                    ["-c", script, "sh", fixture.folder + "/options"]
                    + hostPrefix(sandbox.spec, owner: sandbox.owner)
                    + [fixture.settings.bubblewrap, "--args", "3", "--"] + request.command
                let runtime = try DetachedProcess(Command(executable: "/bin/sh", arguments: arguments))
                    .start()
                try await waitForFile(sandbox.spec.workspace + "/repo/started")
                #expect(processes(with: marker) != [])
                kill(runtime.pid, SIGKILL)
                _ = try await DetachedProcess.waitForExit(runtime, until: .after(.seconds(20)))
                let end = ContinuousClock.now + .seconds(20)
                while processes(with: marker) != [], ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(processes(with: marker) == [])
            }
        }
    }

    @Test func `a sweep removes what dead makers left and nothing of the living`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox("live") { live in
                let gone = try await fixture.leaveBehind("gone", maker: "maker 4194303 1\n")
                let kept = try await fixture.leaveBehind("kept", maker: "maker 4194303 1\n")
                let blank = try await fixture.leaveBehind("blank", maker: "")
                let neighbour = try #require(try ownParent())
                let other = try await fixture.leaveBehind("other", maker: "maker \(neighbour)\n")
                let removed = try await fixture.engine.sweep(["kept"])
                #expect(removed == ["blank", "gone"])
                for path in [gone, blank] { #expect(!FileManager.default.fileExists(atPath: path)) }
                for path in [kept, other] { #expect(FileManager.default.fileExists(atPath: path)) }
                #expect(try await fixture.engine.shell(live, "true").succeeded)
                #expect(try await fixture.engine.sweep([]) == ["kept"])
            }
        }
    }

    @Test func `a sweep kills the processes of the user that a dead maker had`() async throws {
        guard Fixture.isRoot else {
            print("NOTE: not root: there are no host users whose processes could be told apart")
            return
        }
        try await Fixture.with { fixture in
            let marker = uniqueMarker()
            let userID = fixture.settings.userIDs.upperBound
            let arguments = [
                "--reuid", "\(userID)", "--regid", "\(userID)", "--clear-groups", "sleep", marker,
            ]
            let process = try DetachedProcess(
                Command(executable: "/usr/bin/setpriv", arguments: arguments)
            ).start()
            defer { kill(process.pid, SIGKILL) }
            let started = ContinuousClock.now + .seconds(20)
            while owner(ofProcess: process.pid) != userID, ContinuousClock.now < started {
                try await Task.sleep(for: .milliseconds(5))
            }
            _ = try await fixture.leaveBehind("gone", maker: "maker 4194303 1\nuser \(userID)\n")
            #expect(try await fixture.engine.sweep([]) == ["gone"])
            let ending = try await DetachedProcess.waitForExit(process, until: .after(.seconds(20)))
            #expect(ending == .signalled(9))
        }
    }
}

extension Fixture {
    /// What a killed runtime leaves: the folder of a sandbox with files in it.
    fileprivate func leaveBehind(_ name: String, maker: String) async throws -> String {
        let path = "\(settings.folder)/sandboxes/\(name)"
        try FileManager.default.createDirectory(atPath: path + "/tmp/home", withIntermediateDirectories: true)
        try Data(maker.utf8).write(to: URL(filePath: path + "/record"))
        try Data("x".utf8).write(to: URL(filePath: path + "/tmp/home/x"))
        return path
    }
}

/// Number and start time of a living process that is not ours.
private func ownParent() throws -> String? {
    let text = try String(contentsOfFile: "/proc/\(getppid())/stat", encoding: .utf8)
    guard let end = text.lastIndex(of: ")") else { return nil }
    return "\(getppid()) \(text[end...].split(separator: " ")[20])"
}

private func owner(ofProcess pid: Int32) -> UInt32? {
    // A process that is gone has no owner.
    try? FileManager.default.attributesOfItem(atPath: "/proc/\(pid)")[.ownerAccountID] as? UInt32
}
