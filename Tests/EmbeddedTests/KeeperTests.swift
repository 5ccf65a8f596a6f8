import Glibc
import Testing
import Threads

@testable import Embedded

@Suite(.timeLimit(.minutes(3))) struct KeeperTests {
    /// A program that is a script in the state folder, which it runs in.
    private func program(_ state: TemporaryState, readyWithin: Duration, _ script: String) -> Program {
        Program(
            name: "agirunner-fleet",
            command: Command(
                executable: "/bin/sh",
                arguments: ["-c", script],
                environment: ["PATH": "/usr/bin:/bin"],
                directory: state.installation.state
            ),
            stops: [StopStep(.terminate, patience: .seconds(5))],
            readyWithin: readyWithin
        )
    }

    private func withKept(
        _ state: TemporaryState,
        _ keeper: Keeper,
        _ body: () async throws -> Void
    ) async throws {
        let keeping = Task { await keeper.keep() }
        do { try await body() } catch {
            keeping.cancel()
            throw error
        }
        keeping.cancel()
        await keeping.value
        await keeper.stop { false }
        #expect(await state.isLeftAlone())
    }

    @Test func `the log of a program that goes on writing is put aside and begun anew`() async throws {
        try await TemporaryState.with { state in
            let folder = try StateFolder.open(state.installation, server: state.account)
            let script = """
                head -c \(Keeper.logLimit) /dev/zero | tr '\\0' x; echo the end
                while :; do echo more; sleep 0.02; done
                """
            var keeper = Keeper(
                program: program(state, readyWithin: .seconds(30), script),
                installation: state.installation,
                progress: { print($0) }
            )
            keeper.logPause = .milliseconds(20)
            try await keeper.begin()
            try await withKept(state, keeper) {
                let log = state.installation.log(of: "agirunner-fleet")
                let deadline = Deadline.after(.seconds(60))
                while !deadline.isPast, (FileSystem.text(log) ?? "x").hasPrefix("more") == false {
                    try await ContinuousClock().sleep(for: .milliseconds(20))
                }
                let aside = try #require(FileSystem.entry(log + ".1"))
                #expect(aside.size == Keeper.logLimit)
                let end = String(decoding: FileSystem.end(of: log + ".1", limit: 4096) ?? [], as: UTF8.self)
                #expect(end.contains("xxx") && end.contains("the end\n"))
                #expect((FileSystem.text(log) ?? "").hasPrefix("more\n"))
            }
            folder.release()
        }
    }

    @Test func `a program that is started again and does not get ready is told of`() async throws {
        try await TemporaryState.with { state in
            let folder = try StateFolder.open(state.installation, server: state.account)
            let session = Session()
            let ready = state.installation.state + "/ready"
            let script = "[ -e once ] || touch ready; touch once; while :; do sleep 0.1; done"
            func keeper(_ readyWithin: Duration) -> Keeper {
                var program = program(state, readyWithin: readyWithin, script)
                program.isReady = { FileSystem.entry(ready) != nil }
                return Keeper(program: program, installation: state.installation, progress: session.say)
            }
            try await keeper(.seconds(60)).begin()
            try FileSystem.removeFile(ready)
            let first = try #require(state.process("agirunner-fleet"))
            try await withKept(state, keeper(.seconds(1))) {
                kill(first.pid, SIGKILL)
                await session.saw("agirunner-fleet: started again, but not ready after")
                #expect(state.process("agirunner-fleet") != first)
            }
            folder.release()
        }
    }

    @Test func `those who start runtimes are given no variable that may be a secret`() {
        let given = [
            "PATH": "/usr/bin", "HOME": "/h", "LC_ALL": "C",
            "AGIRUNNER_SECRET_token": "s", "VAULT_token": "s", "AWS_SECRET_ACCESS_KEY": "s",
        ]
        let settings = EmbeddedSettings(
            state: "/s",
            publicPort: 0,
            folder: nil,
            programDirectory: "/p",
            environment: given
        )
        let installation = Installation(state: "/s")
        let fleet = FleetCommand(installation: installation, settings: settings, isRoot: false).program
        #expect(fleet.command.environment == ["PATH": "/usr/bin", "HOME": "/h", "LC_ALL": "C"])
        let daemon = DaemonCommand(installation: installation, settings: settings, source: nil).program
        #expect(daemon.command.environment == given)
    }
}
