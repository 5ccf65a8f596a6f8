import Containers
import Domain
import Foundation
import Testing

@Suite struct ExecTests {
    @Test func `a command's exit code comes back as a shell tells it`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                for (script, code) in [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("/nowhere", 127)] {
                    let result = try await fixture.engine.shell(sandbox, script)
                    #expect(result.exitCode == Int32(code), "\(script): \(result.standardError.text)")
                    #expect(!result.timedOut && result.exceeded == nil)
                }
                let missing = try await fixture.engine.exec(sandbox, ExecRequest(["/nowhere"]))
                #expect(missing.exitCode == 127)
                let forbidden = try await fixture.engine.exec(sandbox, ExecRequest(["/etc/passwd"]))
                #expect(forbidden.exitCode == 126)
                #expect(try await fixture.engine.shell(sandbox, "kill -9 $$").signal == 9)
                #expect(try await fixture.engine.shell(sandbox, "exit 3").signal == nil)
            }
        }
    }

    @Test func `the two streams stay apart and the input arrives whole`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let apart = try await fixture.engine.shell(sandbox, "echo out; echo err >&2; cat")
                #expect(apart.standardOutput.text == "out\n")
                #expect(apart.standardError.text == "err\n")
                let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
                let copied = try await fixture.engine.shell(sandbox, "cat") {
                    $0.standardInput = bytes
                    $0.outputLimit = 4_000_000
                }
                #expect(copied.standardOutput.bytes == bytes)
                #expect(copied.standardOutput.omitted == 0)
                let unread = try await fixture.engine.shell(sandbox, "exec <&-; echo done") {
                    $0.standardInput = bytes
                }
                #expect(unread.standardOutput.text == "done\n")
            }
        }
    }

    @Test func `of long output head and tail are kept with a marker between`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let script = "echo begin; head -c 5000000 /dev/zero | tr '\\0' x; echo; echo end"
                let result = try await fixture.engine.shell(sandbox, script) { $0.outputLimit = 10_000 }
                let stream = result.standardOutput
                #expect(stream.total == 5_000_011)
                #expect(stream.head.count == 5_000 && stream.tail.count == 5_000)
                #expect(stream.omitted == 4_990_011)
                #expect(stream.text.hasPrefix("begin\nxxx") && stream.text.hasSuffix("xxx\nend\n"))
                #expect(stream.text.contains("\n… [4990011 bytes left out] …\n"))
            }
        }
    }

    @Test func `a time-out kills the command and everything it started`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let marker = uniqueMarker()
                let script = """
                    sleep \(marker) & setsid sleep \(marker) & (trap '' TERM HUP INT; sleep \(marker)) &
                    exec 3>&1; echo started; touch /tmp/started; wait
                    """
                let result = try await fixture.engine.shell(sandbox, script) {
                    $0.timeout = .milliseconds(4000)
                }
                #expect(result.timedOut && result.exitCode == 137 && !result.succeeded)
                #expect(result.standardOutput.text == "started\n")
                #expect(result.duration >= .milliseconds(4000) && result.duration < .seconds(30))
                #expect(processes(with: marker) == [])
            }
        }
    }

    @Test func `what a finished command left in the background is killed`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let marker = uniqueMarker()
                let script = "sleep \(marker) & setsid sleep \(marker) >/dev/null 2>&1 </dev/null & echo left"
                let result = try await fixture.engine.shell(sandbox, script)
                #expect(result.standardOutput.text == "left\n" && result.exitCode == 0)
                #expect(result.duration < .seconds(40))
                #expect(processes(with: marker) == [])
            }
        }
    }

    @Test func `cancellation ends a command and leaves nothing`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let marker = uniqueMarker()
                let task = Task {
                    try await fixture.engine.shell(sandbox, "touch /workspace/started; sleep \(marker)")
                }
                try await waitForFile(sandbox.spec.workspace + "/started")
                #expect(processes(with: marker) != [])
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(processes(with: marker) == [])
            }
        }
    }

    @Test func `a hundred commands in a row leave no process that counts`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox("one", { $0.resources.pids = 8 }) { sandbox in
                for number in 0..<100 {
                    let result = try await fixture.engine.shell(sandbox, "sleep 100 & echo \(number)")
                    #expect(result.standardOutput.text == "\(number)\n", "\(result.standardError.text)")
                }
            }
        }
    }

    @Test func `files survive a command and processes do not`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                _ = try await fixture.engine.shell(
                    sandbox,
                    "echo 1 > a; echo 2 > /tmp/b; echo 3 > ~/c; echo 4 > /dev/shm/d"
                )
                let result = try await fixture.engine.shell(sandbox, "cat a /tmp/b ~/c; ls /dev/shm; pwd")
                #expect(result.standardOutput.text == "1\n2\n3\n/workspace/repo\n")
            }
        }
    }

    @Test func `the time of a sandbox bounds all its commands`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox("brief", { $0.timeLimit = .seconds(8) }) { sandbox in
                let first = try await fixture.engine.shell(sandbox, "sleep 50")
                #expect(first.timedOut && first.duration < .seconds(40))
                let second = try await failure { _ = try await fixture.engine.shell(sandbox, "true") }
                #expect(second.code == .timeout)
            }
        }
    }

    @Test func `what cannot be run is refused with the reason`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let requests: [(ExecRequest, Failure.Code)] = [
                    (ExecRequest([]), .invalid),
                    (ExecRequest(["/bin/true", "a\0b"]), .invalid),
                    (ExecRequest(["/bin/true"], workingDirectory: "repo"), .invalid),
                    (ExecRequest(["/bin/true"], workingDirectory: "/workspace/none"), .notFound),
                    (ExecRequest(["/bin/true"], environment: ["A=B": ""]), .invalid),
                    (ExecRequest(["/bin/true"], environment: ["A": "x\0y"]), .invalid),
                    (ExecRequest(["/bin/true"], timeout: .zero), .invalid),
                    (ExecRequest(["/bin/true", String(repeating: "x", count: 200_000)]), .invalid),
                ]
                for (request, code) in requests {
                    let refused = try await failure { _ = try await fixture.engine.exec(sandbox, request) }
                    #expect(refused.code == code, "\(refused)")
                }
                #expect(try await fixture.engine.shell(sandbox, "true").succeeded)
            }
        }
    }

    @Test func `sixteen commands run at once and the seventeenth is refused`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let waiting = (0..<16).map { number in
                    Task {
                        try await fixture.engine.shell(
                            sandbox,
                            "touch \(number); while ! [ -e go ]; do sleep 0.05; done; echo \(number)"
                        )
                    }
                }
                for number in 0..<16 { try await waitForFile(sandbox.spec.workspace + "/repo/\(number)") }
                let refused = try await failure { _ = try await fixture.engine.shell(sandbox, "true") }
                #expect(refused.code == .exhausted)
                try Data().write(to: URL(filePath: sandbox.spec.workspace + "/repo/go"))
                for (number, task) in waiting.enumerated() {
                    #expect(try await task.value.standardOutput.text == "\(number)\n")
                }
            }
        }
    }
}

/// Waits until a process inside has made a file, at most half a minute.
func waitForFile(_ path: String) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while !FileManager.default.fileExists(atPath: path) {
        try #require(ContinuousClock.now < end, "no \(path)")
        try await Task.sleep(for: .milliseconds(10))
    }
}
