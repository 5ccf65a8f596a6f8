import Domain
import Glibc
import Testing
import Threads

@testable import Embedded

@Suite(.timeLimit(.minutes(5))) struct PostgresClusterTests {
    @Test func `a cluster is made, takes connections, and is found again with what it holds`() async throws {
        try await withCluster { state, cluster, keeper in
            try await keeper.begin()
            #expect(await cluster.acceptsConnections())
            try await query(cluster, "CREATE TABLE kept (value text); INSERT INTO kept VALUES ('still here')")
            await keeper.stop { false }
            #expect(await cluster.acceptsConnections() == false)
            #expect(state.running.isEmpty)
            #expect(
                FileSystem.entry(PostgresCluster.dataFolder(state.installation) + "/postmaster.pid") == nil
            )
            try await keeper.begin()
            #expect(try await query(cluster, "SELECT value FROM kept") == "still here")
            await keeper.stop { false }
        }
    }

    @Test func `the server has no port and a socket for its own user alone`() async throws {
        try await withCluster { state, cluster, keeper in
            try await keeper.begin()
            #expect(try await query(cluster, "SHOW listen_addresses") == "")
            let folder = try #require(FileSystem.entry(state.installation.databaseSocketFolder))
            #expect(folder.mode == 0o700)
            #expect(folder.userID == (state.account?.userID ?? geteuid()))
            let process = try #require(state.process("postgres"))
            let owner = try #require(FileSystem.entry("/proc/\(process.pid)/stat")).userID
            if geteuid() == 0 {
                #expect(owner != 0)
            } else {
                print("plain user: the server runs as ourselves")
            }
            #expect(owner == folder.userID)
            await keeper.stop { false }
        }
    }

    @Test func `a server that a killed up left is adopted`() async throws {
        try await withCluster { state, cluster, keeper in
            try await keeper.begin()
            let process = try #require(state.process("postgres"))
            let other = try self.keeper(state)
            try await other.begin()
            #expect(state.process("postgres") == process)
            #expect(try await query(cluster, "SELECT 1") == "1")
            await other.stop { false }
            #expect(!process.isAlive)
        }
    }

    @Test func `a server that nobody recorded is stopped and started anew`() async throws {
        try await withCluster { state, cluster, keeper in
            try await keeper.begin()
            let process = try #require(state.process("postgres"))
            try FileSystem.removeFile(state.installation.record(of: "postgres"))
            try await self.keeper(state).begin()
            #expect(!process.isAlive)
            #expect(try await query(cluster, "SELECT 1") == "1")
            await keeper.stop { false }
        }
    }

    @Test func `a server that nobody recorded is known also behind a link`() async throws {
        try await withCluster { state, cluster, _ in
            let link = state.folder + "/link"
            #expect(unsafe symlink(state.folder, link) == 0)
            let linked = TemporaryState(
                folder: state.folder,
                installation: Installation(state: link + "/s"),
                account: state.account
            )
            try await keeper(linked).begin()
            let process = try #require(linked.process("postgres"))
            try FileSystem.removeFile(linked.installation.record(of: "postgres"))
            try await keeper(linked).begin()
            #expect(!process.isAlive)
            #expect(try await query(cluster, "SELECT 1") == "1")
            await (try keeper(linked)).stop { false }
        }
    }

    @Test func `a server that nobody recorded is known also when its program was replaced`() async throws {
        try await withCluster { state, cluster, keeper in
            let old = try other(state, cluster)
            let copy = old.programs.folder + "/postgres"
            let copying = Command(
                executable: "/usr/bin/cp",
                arguments: [cluster.programs.folder + "/postgres", copy]
            )
            #expect(try await ChildProcess(copying).run(until: .after(.seconds(20))).succeeded)
            try await Keeper(
                program: old.program(readyWithin: .seconds(60)),
                installation: state.installation,
                progress: { print($0) }
            ).begin()
            let process = try #require(state.process("postgres"))
            try FileSystem.removeFile(copy)
            try FileSystem.removeFile(state.installation.record(of: "postgres"))
            try await keeper.begin()
            #expect(!process.isAlive)
            #expect(try await query(cluster, "SELECT 1") == "1")
            await keeper.stop { false }
        }
    }

    @Test func `a cluster whose database cannot be made is not kept`() async throws {
        try await withCluster { state, cluster, _ in
            let broken = try other(state, cluster)
            // It makes a database that is there already.
            let script = """
                #!/bin/sh
                echo 'CREATE DATABASE postgres;' | \(cluster.programs.folder)/postgres "$@"
                """
            try FileSystem.write(Array(script.utf8), to: broken.programs.folder + "/postgres", mode: 0o755)
            let failure = await #expect(throws: Failure.self) { try await broken.prepare() }
            #expect(failure?.message.contains("already exists") == true)
            #expect(FileSystem.entry(PostgresCluster.dataFolder(state.installation)) == nil)
            try await cluster.prepare()
            #expect(FileSystem.entry(PostgresCluster.dataFolder(state.installation)) != nil)
        }
    }

    /// A cluster with programs in a folder of the test, in which the server is still missing.
    private func other(_ state: TemporaryState, _ cluster: PostgresCluster) throws -> PostgresCluster {
        let folder = state.folder + "/bin"
        try FileSystem.makeFolder(folder, mode: 0o755)
        // The server looks for its libraries beside its folder.
        for name in ["initdb", "pg_isready", "../lib"] {
            #expect(unsafe symlink("\(cluster.programs.folder)/\(name)", "\(folder)/\(name)") == 0, "\(name)")
        }
        return PostgresCluster(
            installation: state.installation,
            programs: PostgresPrograms(major: cluster.programs.major, folder: folder),
            account: state.account
        )
    }

    @Test func `a killed postmaster is brought back by its keeper`() async throws {
        try await withCluster { state, cluster, keeper in
            try await keeper.begin()
            let process = try #require(state.process("postgres"))
            let segments = sharedMemory(of: process)
            #expect(!segments.isEmpty)
            let keeping = Task { await keeper.keep() }
            kill(process.pid, SIGKILL)
            let deadline = Deadline.after(.seconds(60))
            while !deadline.isPast {
                if let now = state.process("postgres"), now != process, await cluster.acceptsConnections() {
                    break
                }
                try await ContinuousClock().sleep(for: .milliseconds(50))
            }
            let log = FileSystem.text(state.installation.log(of: "postgres")) ?? ""
            #expect(!deadline.isPast, "\(keeper.program.name) \(process.pid) \(log.suffix(3000))")
            // A killed server leaves its shared memory, which the next one on the data folder removes.
            #expect(segments.allSatisfy { FileSystem.entry($0) == nil }, "\(segments)")
            #expect(try await query(cluster, "SELECT 1") == "1")
            keeping.cancel()
            await keeping.value
            await keeper.stop { false }
            #expect(state.running.isEmpty)
        }
    }

    /// The files of the shared memory that a server has mapped.
    private func sharedMemory(of server: ProcessIdentity) -> Set<String> {
        let maps = FileSystem.text("/proc/\(server.pid)/maps") ?? ""
        return Set(
            maps.matches(of: /\/dev\/shm\/PostgreSQL\.[0-9]+$/.anchorsMatchLineEndings()).map { String($0.0) }
        )
    }

    @Test func `a lock file whose number belongs to a stranger holds nobody up`() async throws {
        try await withCluster { state, cluster, keeper in
            try await keeper.begin()
            await keeper.stop { false }
            let file = PostgresCluster.dataFolder(state.installation) + "/postmaster.pid"
            try FileSystem.write(Array("\(getpid())\n/x\n".utf8), to: file, mode: 0o644)
            try await keeper.begin()
            #expect(try await query(cluster, "SELECT 1") == "1")
            await keeper.stop { false }
        }
    }

    @Test func `data of another version is refused with what to do`() async throws {
        try await TemporaryState.with { state in
            let data = PostgresCluster.dataFolder(state.installation)
            try FileSystem.makeFolder(data, mode: 0o755)
            try FileSystem.write(Array("9\n".utf8), to: data + "/PG_VERSION", mode: 0o644)
            let failure = #expect(throws: Failure.self) {
                try PostgresPrograms.find(root: "/usr/lib/postgresql", dataFolder: data)
            }
            #expect(failure?.code == .unsupported)
            #expect(failure?.message.contains("was made by PostgreSQL 9, but only PostgreSQL") == true)
            #expect(failure?.message.contains("pg_upgrade") == true)
        }
    }

    @Test func `the newest server is chosen for new data and the same version for old data`() async throws {
        try await TemporaryState.with { state in
            for (major, program) in [9, 15, 16].flatMap({ major in
                ["postgres", "initdb", "pg_isready"].map { (major, $0) }
            }) {
                let folder = "\(state.folder)/versions/\(major)/bin"
                try FileSystem.makeFolder(folder, mode: 0o755)
                try FileSystem.write([], to: "\(folder)/\(program)", mode: 0o755)
            }
            let root = state.folder + "/versions"
            #expect(try PostgresPrograms.find(root: root, dataFolder: state.folder + "/none").major == 16)
            try FileSystem.makeFolder(state.folder + "/data", mode: 0o755)
            try FileSystem.write(Array("15\n".utf8), to: state.folder + "/data/PG_VERSION", mode: 0o644)
            #expect(try PostgresPrograms.find(root: root, dataFolder: state.folder + "/data").major == 15)
            let none = #expect(throws: Failure.self) {
                try PostgresPrograms.find(root: state.folder, dataFolder: state.folder + "/none")
            }
            #expect(none?.message.contains("apt install postgresql") == true)
        }
    }

    private func withCluster(
        _ body: (TemporaryState, PostgresCluster, Keeper) async throws -> Void
    ) async throws {
        try await TemporaryState.with { state in
            let folder = try StateFolder.open(state.installation, server: state.account)
            try await body(state, try cluster(state), try keeper(state))
            folder.release()
        }
    }

    private func cluster(_ state: TemporaryState) throws -> PostgresCluster {
        PostgresCluster(
            installation: state.installation,
            programs: try .find(
                root: "/usr/lib/postgresql",
                dataFolder: PostgresCluster.dataFolder(state.installation)
            ),
            account: state.account
        )
    }

    private func keeper(_ state: TemporaryState) throws -> Keeper {
        Keeper(
            program: try cluster(state).program(readyWithin: .seconds(60)),
            installation: state.installation,
            progress: { print($0) }
        )
    }

    @discardableResult
    private func query(_ cluster: PostgresCluster, _ sql: String) async throws -> String {
        let command = Command(
            executable: cluster.programs.folder + "/psql",
            arguments: [
                "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", cluster.installation.databaseSocketFolder, "-U",
                "agirunner",
                "-d", "agirunner", "-c", sql,
            ],
            environment: ["LC_ALL": "C"],
            directory: "/"
        )
        let output = try await ChildProcess(command).run(until: .after(.seconds(20)))
        guard output.succeeded else { throw Failure(.internal, lastLines(of: output.standardError)) }
        return String(decoding: output.standardOutput.prefix { $0 != 10 }, as: UTF8.self)
    }
}
