import Glibc
import Testing
import Threads

@Suite struct ChildProcessTests {
    private func run(
        _ script: String,
        input: [UInt8] = [],
        outputLimit: Int = 16 << 20,
        errorLimit: Int = 64 << 10,
        seconds: Int = 20
    ) async throws -> ChildProcess.Output {
        let command = Command(
            executable: "/bin/sh",
            arguments: ["-c", script],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        return try await ChildProcess(
            command,
            standardInput: input,
            outputLimit: outputLimit,
            errorLimit: errorLimit
        ).run(until: .after(.seconds(seconds)))
    }

    @Test func `output, errors and the exit code come back`() async throws {
        let output = try await run("echo out; echo err >&2; exit 4")
        #expect(output.standardOutput == Array("out\n".utf8))
        #expect(output.standardError == Array("err\n".utf8))
        #expect(output.status == .exited(4) && !output.succeeded)
        #expect(try await run("true").succeeded)
    }

    @Test func `a megabyte passes through unharmed`() async throws {
        let input = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try await run("cat", input: input).standardOutput == input)
    }

    @Test func `a child that does not read its input is no error`() async throws {
        let output = try await run("exec <&-; echo done", input: [UInt8](repeating: 65, count: 1_000_000))
        #expect(output.standardOutput == Array("done\n".utf8))
    }

    @Test func `too much output fails, too many errors are cut`() async throws {
        let error = await #expect(throws: SystemError.self) { try await run("yes", outputLimit: 1000) }
        #expect(error?.code == .tooLong)
        let cut = try await run("head -c 300000 /dev/zero >&2; echo ok", errorLimit: 1000)
        #expect(cut.standardError.count == 1000 && cut.standardOutput == Array("ok\n".utf8))
        #expect(try await run("head -c 1000 /dev/zero", outputLimit: 1000).standardOutput.count == 1000)
    }

    @Test func `at the deadline the whole group is killed and reaped`() async throws {
        let scratch = Scratch()
        let command = Command(
            executable: "/bin/sh",
            arguments: ["-c", "trap '' TERM; sleep 64 & echo $! > pids; echo $$ >> pids; wait; sleep 65"],
            environment: ["PATH": "/usr/bin:/bin"],
            directory: scratch.path
        )
        let error = await #expect(throws: SystemError.self) {
            try await ChildProcess(command).run(until: .after(.seconds(2)))
        }
        #expect(error?.code == .timedOut)
        let pids = scratch.read("pids").split(separator: "\n").compactMap { Int32($0) }
        #expect(pids.count == 2)
        try await expectGone(pids)
    }

    @Test func `cancellation kills the whole group`() async throws {
        let scratch = Scratch()
        let path = scratch.path
        let watch = try FileWatch(paths: [path])
        let task = Task {
            let command = Command(
                executable: "/bin/sh",
                arguments: ["-c", "sleep 66 & echo $! > making; echo $$ >> making; mv making pids; wait"],
                environment: ["PATH": "/usr/bin:/bin"],
                directory: path
            )
            return try await ChildProcess(command).run(until: .after(.seconds(60)))
        }
        let deadline = Deadline.after(.seconds(20))
        while scratch.read("pids").isEmpty, !deadline.isPast { _ = try await watch.next(until: deadline) }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        try await expectGone(scratch.read("pids").split(separator: "\n").compactMap { Int32($0) })
    }

    @Test func `what a child leaves in the background ends with it`() async throws {
        let output = try await run("sleep 67 & echo $!")
        let pid = Int32(String(decoding: output.standardOutput.dropLast(), as: UTF8.self))
        try await expectGone([try #require(pid)])
        #expect(output.succeeded)
    }

    @Test func `forty children at once`() async throws {
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for number in 0..<40 { group.addTask { try await run("echo \(number)").standardOutput } }
            var seen: Set<String> = []
            for try await output in group { seen.insert(String(decoding: output, as: UTF8.self)) }
            #expect(seen == Set((0..<40).map { "\($0)\n" }))
        }
    }

    /// A killed process may need a moment to be gone.
    private func expectGone(_ pids: [Int32]) async throws {
        for process in pids.compactMap({ ProcessIdentity.current(pid: $0) }) {
            _ = try await DetachedProcess.waitForExit(process, until: .after(.seconds(20)))
            #expect(!process.isAlive)
        }
    }
}
