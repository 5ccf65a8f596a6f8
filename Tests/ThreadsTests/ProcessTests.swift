import Glibc
import Testing
import Threads

private func sh(_ script: String, directory: String? = nil) -> Command {
    Command(
        executable: "/bin/sh",
        arguments: ["-c", script],
        environment: ["PATH": "/usr/bin:/bin"],
        directory: directory
    )
}

/// Ends a process and everything in its session, whatever the test found.
private func withProcess<Value>(
    _ process: DetachedProcess,
    _ body: (ProcessIdentity) async throws -> Value
) async throws -> Value {
    let identity = try process.start()
    let result: Result<Value, any Error>
    do { result = .success(try await body(identity)) } catch { result = .failure(error) }
    _ = try identity.killGroup()
    _ = try await DetachedProcess.waitForExit(identity, until: .after(.seconds(20)))
    return try result.get()
}

@Suite struct ProcessTests {
    @Test func `a gated command runs once its file is there, and never when the folder is gone`() async throws
    {
        let scratch = Scratch()
        let folder = "\(scratch.path)/records"
        unsafe mkdir(folder, 0o700)
        let gated = sh("exit 4").gated(by: folder + "/record")
        try await withProcess(DetachedProcess(gated)) { identity async throws in
            #expect(
                try await DetachedProcess.waitForExit(identity, until: .after(.milliseconds(200))) == nil
            )
            unsafe mkdir(folder + "/record", 0o700)
            let deadline = Deadline.after(.seconds(20))
            #expect(try await DetachedProcess.waitForExit(identity, until: deadline) == .exited(4))
        }
        unsafe rmdir(folder + "/record")
        try await withProcess(DetachedProcess(gated)) { identity async throws in
            unsafe rmdir(folder)
            let deadline = Deadline.after(.seconds(5))
            #expect(try await DetachedProcess.waitForExit(identity, until: deadline) == .exited(75))
        }
    }

    @Test func `a process is found by its arguments, whole and in a row`() async throws {
        var command = sh("sleep 60; :")
        command.arguments += ["--file", "/x/y z"]
        try await withProcess(DetachedProcess(command)) { identity async throws in
            // At first it has no arguments; a child of the shell has them until it is another program.
            let deadline = Deadline.after(.seconds(20))
            var found: [ProcessIdentity] = []
            while !found.contains(identity) && !deadline.isPast {
                found = try ProcessIdentity.all(calledWith: ["--file", "/x/y z"])
            }
            #expect(found.contains(identity))
            for other in [["--file", "/x/y"], ["file", "/x/y z"], ["/x/y z", "--file"]] {
                #expect(try ProcessIdentity.all(calledWith: other) == [])
            }
        }
    }

    @Test func `an exit code, a signal and a stranger are told apart`() async throws {
        let deadline = Deadline.after(.seconds(20))
        let three = try DetachedProcess(sh("exit 3")).start()
        #expect(try await DetachedProcess.waitForExit(three, until: deadline) == .exited(3))
        #expect(try await DetachedProcess.waitForExit(three, until: deadline) == .unknown)
        let killed = try DetachedProcess(sh("kill -9 $$")).start()
        #expect(try await DetachedProcess.waitForExit(killed, until: deadline) == .signalled(9))
        let nobody = ProcessIdentity(pid: 1, startTime: 1)
        #expect(try await DetachedProcess.waitForExit(nobody, until: deadline) == .unknown)
    }

    @Test func `a process has a session, three descriptors, no signal mask and only what it was given`()
        async throws
    {
        let scratch = Scratch()
        var command = sh(
            "cut -d' ' -f5,6 /proc/$$/stat; echo $$; ls /proc/$$/fd | tr '\\n' ' '; echo; pwd; env | sort; "
                + "grep -E '^Sig(Blk|Ign)' /proc/self/status; echo error >&2",
            directory: scratch.path
        )
        command.environment["GREETING"] = "hello world"
        signal(SIGPIPE, SIG_IGN)  // as the programs do; a child must not inherit it
        let process = DetachedProcess(
            command,
            output: .file("\(scratch.path)/out"),
            errorOutput: .file("\(scratch.path)/error")
        )
        let identity = try process.start()
        #expect(try await DetachedProcess.waitForExit(identity, until: .after(.seconds(20))) == .exited(0))
        let lines = scratch.read("out").split(separator: "\n").map(String.init)
        try #require(lines.count >= 8)
        #expect(lines[0] == "\(identity.pid) \(identity.pid)")
        #expect(lines[1] == "\(identity.pid)")
        #expect(lines[2].split(separator: " ").prefix(3) == ["0", "1", "2"])
        #expect(lines[3] == scratch.path)
        #expect(lines.contains("GREETING=hello world"))
        #expect(!lines.contains { $0.hasPrefix("HOME=") })
        #expect(lines.contains { $0.hasPrefix("SigBlk") && $0.hasSuffix("0000000000000000") })
        // The C library itself ignores signals 32 and 33 here; the named signals are the seven digits below.
        #expect(lines.contains { $0.hasPrefix("SigIgn") && $0.hasSuffix("0000000") })
        #expect(scratch.read("error") == "error\n")
    }

    @Test func `a wait ends at its deadline and by cancellation, and the process lives on`() async throws {
        try await withProcess(DetachedProcess(sh("sleep 60"))) { identity async throws in
            #expect(try await DetachedProcess.waitForExit(identity, until: .after(.milliseconds(20))) == nil)
            let task = Task { try await DetachedProcess.waitForExit(identity, until: .after(.seconds(60))) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(identity.isAlive)
        }
    }

    @Test func `an identity with another start time is never signalled`() async throws {
        try await withProcess(DetachedProcess(sh("exec sleep 60"))) { identity async throws in
            let earlier = ProcessIdentity(pid: identity.pid, startTime: identity.startTime - 1)
            #expect(!earlier.isAlive)
            #expect(try earlier.signal(.kill) == false)
            #expect(try earlier.killGroup() == false)
            #expect(identity.isAlive)
            #expect(ProcessIdentity.current(pid: identity.pid) == identity)
            #expect(try identity.signal(.terminate))
            #expect(
                try await DetachedProcess.waitForExit(identity, until: .after(.seconds(20)))
                    == .signalled(SIGTERM)
            )
            #expect(try identity.signal(.terminate) == false)
        }
    }

    @Test func `an ended child that nobody reaped is not alive`() async throws {
        let identity = try DetachedProcess(sh("exit 0")).start()
        let deadline = Deadline.after(.seconds(20))
        while identity.isAlive, !deadline.isPast { await Task.yield() }
        #expect(!identity.isAlive)
        #expect(ProcessIdentity.current(pid: identity.pid) == identity)
        #expect(try await DetachedProcess.waitForExit(identity, until: deadline) == .exited(0))
        #expect(ProcessIdentity.current(pid: identity.pid) != identity)
    }

    @Test func `killing the group leaves nobody of the session`() async throws {
        let scratch = Scratch()
        // A child in the group, one in a group of its own, and a grandchild whose parent is gone.
        let script = """
            sleep 61 & echo $! >> pids
            set -m; sleep 62 & echo $! >> pids
            (sleep 63 & echo $! >> pids)
            echo ready >> pids; wait
            """
        let watch = try FileWatch(paths: [scratch.path])
        let identity = try DetachedProcess(sh(script, directory: scratch.path)).start()
        let deadline = Deadline.after(.seconds(20))
        while !scratch.read("pids").contains("ready"), !deadline.isPast {
            _ = try await watch.next(until: deadline)
        }
        let pids = scratch.read("pids").split(separator: "\n").compactMap { Int32($0) }
        let members = pids.compactMap { ProcessIdentity.current(pid: $0) }
        #expect(members.count == 3)
        #expect(try identity.killGroup())
        #expect(try await DetachedProcess.waitForExit(identity, until: deadline) == .signalled(SIGKILL))
        for member in members {
            #expect(try await DetachedProcess.waitForExit(member, until: deadline) != nil)
            #expect(!member.isAlive)
        }
    }

    @Test func `a missing program or folder and a NUL are reported before anything runs`() throws {
        let missing = #expect(throws: SystemError.self) {
            try DetachedProcess(Command(executable: "/nowhere/at/all")).start()
        }
        #expect(missing?.code == .notFound)
        #expect(missing?.message.contains("/nowhere/at/all") == true)
        #expect(throws: SystemError.self) { try DetachedProcess(sh("true", directory: "/nowhere")).start() }
        let nul = #expect(throws: SystemError.self) { try DetachedProcess(sh("true\0")).start() }
        #expect(nul?.code == .invalid)
    }

    @Test func `root starts a process as somebody else, and nobody else does`() async throws {
        var command = sh("id -u; id -g; id -G")
        command.account = Command.Account(userID: 12_345, groupID: 23_456)
        let output = try await ChildProcess(command).run(until: .after(.seconds(20)))
        guard getuid() == 0 else {
            #expect(!output.succeeded && output.standardOutput.isEmpty)
            return
        }
        #expect(output.standardOutput == Array("12345\n23456\n23456\n".utf8))
    }

    @Test func `an identity survives being written down`() throws {
        let own = try #require(ProcessIdentity.own)
        #expect(own.pid == getpid() && own.isAlive && own.startTime > 0)
        #expect(throws: SystemError.self) { try own.killGroup() }
        #expect(Set([own, ProcessIdentity(pid: own.pid, startTime: own.startTime)]).count == 1)
    }
}
