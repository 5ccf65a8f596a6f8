import Glibc
import Support
import Testing
import Threads

/// What the program does around its verbs: its output, and the streams of a server that comes and goes.
@Suite struct StreamVerbTests {
    @Test func `what cannot be written ends a command as failed, and a reader that has enough does not`()
        async throws
    {
        try await System.with { system in
            let full = try await system.shell("agirunner explain playbook > /dev/full")
            #expect(full.code == 1)
            #expect(full.error == "error: standard output cannot be written: No space left on device\n")
            let closed = try await system.shell(
                "trap '' PIPE; { agirunner schema || echo $? >&2; } | true",
                within: .seconds(60)
            )
            #expect(closed.code == 0 && closed.error == "1\n")
        }
    }

    @Test func `a watch outlives its server, and an error of a stream is one`() async throws {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            let missing = try await system.agirunner("logs", "task/none")
            #expect(missing.code == 1 && missing.output.isEmpty)
            #expect(missing.error.hasPrefix("Error from server (NotFound): "), "\(missing.error)")
            let arguments = ["get", "skills", "-w"]
            let watch = try system.background(program("agirunner"), arguments, log: "watch.log")
            let folder = system.folder
            #expect(
                await eventually(within: .seconds(30)) { folder.read("watch.log")?.contains("NAME") == true }
            )
            for number in try await system.recorded("agirunnerd") { kill(number, SIGKILL) }
            try folder.write(Self.skill, to: "late.yaml")
            #expect(
                try await eventually(within: .seconds(60)) {
                    try await system.agirunner("apply", "-f", "\(folder.path)/late.yaml").code == 0
                }
            )
            #expect(
                await eventually(within: .seconds(60)) {
                    folder.read("watch.log")?.contains("come-late") == true
                },
                "\(folder.read("watch.log") ?? "")"
            )
            _ = try watch.killGroup()
            _ = try await DetachedProcess.waitForExit(watch, until: .after(.seconds(10)))
        }
    }

    private static let skill = """
        apiVersion: agirunner.dev/v1
        kind: Skill
        metadata: {name: come-late}
        spec: {displayName: Late, summary: How to., body: Look twice.}

        """
}
