import Domain
import Glibc
import Testing
import Threads

@testable import Embedded

@Suite struct StateFolderTests {
    @Test func `the default folder is the one of the system for root and of XDG for a user`() {
        #expect(Installation.defaultState(userID: 0, environment: ["HOME": "/root"]) == "/var/lib/agirunner")
        #expect(
            Installation.defaultState(userID: 7, environment: ["HOME": "/home/u"])
                == "/home/u/.local/state/agirunner"
        )
        #expect(
            Installation.defaultState(userID: 7, environment: ["HOME": "/h", "XDG_STATE_HOME": "/x"])
                == "/x/agirunner"
        )
        #expect(
            Installation.defaultState(userID: 7, environment: ["HOME": "/h", "XDG_STATE_HOME": "x"])
                == "/h/.local/state/agirunner"
        )
    }

    @Test func `a path that is too long for sockets is refused with advice before anything is made`()
        async throws
    {
        try await TemporaryState.with { state in
            let long = state.folder + "/" + String(repeating: "x", count: 80)
            let failure = #expect(throws: Failure.self) {
                _ = try StateFolder.open(Installation(state: long), server: nil)
            }
            #expect(failure?.code == .invalid)
            #expect(failure?.message.contains("shorter --state") == true)
            #expect(FileSystem.entry(long) == nil)
        }
    }

    @Test func `every socket of the longest accepted folder fits`() throws {
        let longest = (1...107).last {
            // A length that is refused is what the search looks for.
            (try? StateFolder.checkLengths(Installation(state: "/" + String(repeating: "x", count: $0 - 1))))
                != nil
        }
        let state = Installation(state: "/" + String(repeating: "x", count: (longest ?? 0) - 1))
        #expect((state.databaseSocketFolder + "/.s.PGSQL.5432").utf8.count == 107)
        #expect(state.databaseSocketFolder.utf8.count <= 100)
        #expect(state.controlSocket.utf8.count <= 107)
    }

    @Test func `a second up says who holds the folder`() async throws {
        try await TemporaryState.with { state in
            let first = try StateFolder.open(state.installation, server: state.account)
            let failure = #expect(throws: Failure.self) {
                _ = try StateFolder.open(state.installation, server: state.account)
            }
            #expect(failure?.code == .conflict)
            #expect(failure?.message.contains("process \(getpid())") == true)
            first.release()
            _ = try StateFolder.open(state.installation, server: state.account)
        }
    }

    @Test func `a folder below a closed home is refused by name`() async throws {
        try await TemporaryState.with { state in
            let home = state.folder + "/home"
            try FileSystem.makeFolder(home + "/state", mode: 0o755)
            try FileSystem.setMode(home, 0o700)
            let stranger = Command.Account(userID: geteuid() + 4242, groupID: getegid() + 4242)
            let failure = #expect(throws: Failure.self) {
                try StateFolder.checkEntrance(to: home + "/state", for: stranger)
            }
            #expect(failure?.message.contains("cannot enter \(home);") == true)
            let owner = Command.Account(userID: geteuid(), groupID: getegid())
            try StateFolder.checkEntrance(to: home + "/state", for: owner)
        }
    }

    @Test func `the database may pass through the folder and see nothing of it`() async throws {
        guard geteuid() == 0 else { return print("skipped: only root runs the database as another user") }
        try await TemporaryState.with { state in
            _ = try StateFolder.open(state.installation, server: state.account)
            #expect(FileSystem.entry(state.installation.state)?.mode == 0o711)
            #expect(FileSystem.entry(state.installation.processes)?.mode == 0o700)
            #expect(FileSystem.entry(state.installation.logs)?.mode == 0o700)
            #expect(
                FileSystem.entry(state.installation.databaseSocketFolder)?.userID == state.account?.userID
            )
        }
    }

    @Test func `secrets of ours are made once and for us alone`() async throws {
        try await TemporaryState.with { state in
            let folder = try StateFolder.open(state.installation, server: state.account)
            for path in [state.installation.fleetTokenFile, state.installation.sealingKeyFile] {
                try folder.ensureSecret(path) { "a-token" }
                try folder.ensureSecret(path) { "another" }
                #expect(FileSystem.text(path) == "a-token")
                #expect(FileSystem.entry(path)?.mode == 0o600)
            }
        }
    }

    @Test func `the database runs as postgres, else as nobody, never as root`() throws {
        let both =
            "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\npostgres:x:101:104::/:/bin/sh\n"
        #expect(try serverAccount(userID: 0, accounts: both) == Command.Account(userID: 101, groupID: 104))
        let nobody = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n"
        #expect(
            try serverAccount(userID: 0, accounts: nobody) == Command.Account(userID: 65534, groupID: 65533)
        )
        #expect(throws: Failure.self) {
            try serverAccount(userID: 0, accounts: "root:x:0:0::/root:/bin/sh\n")
        }
        #expect(try serverAccount(userID: 1000, accounts: both) == nil)
    }

    @Test func `the pause after a crash doubles up to its cap and starts anew after a stable run`() {
        var pause = RestartPause(first: .seconds(1), cap: .seconds(5), stableAfter: .seconds(60))
        let pauses = (0..<5).map { _ in pause.next(afterRunning: .seconds(1)) }
        #expect(pauses == [.seconds(1), .seconds(2), .seconds(4), .seconds(5), .seconds(5)])
        #expect(pause.next(afterRunning: .seconds(61)) == .seconds(1))
    }
}
