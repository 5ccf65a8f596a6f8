import Foundation
import Glibc
import Support
import Testing
import Threads

/// What tests do to a running installation, and how they look at it meanwhile.
extension System {
    /// A server of a test, which runs beside the installation.
    struct Server: Sendable {
        let process: ProcessIdentity
        /// On 127.0.0.1.
        let port: Int
    }

    /// Starts a server that is written in Python and calls `tell(port)` once it listens.
    ///
    /// It is killed with everything else when the test fails; a test that goes well ends it.
    func serve(_ source: String, port: Int = 0) async throws -> Server {
        let name = "server-\(UInt32.random(in: 0 ... .max))"
        let tell = """
            import os, sys

            def tell(port):
                open(sys.argv[1] + ".new", "w").write(str(port))
                os.rename(sys.argv[1] + ".new", sys.argv[1])


            """
        try folder.write(tell + source + "\n", to: "\(name).py")
        let arguments = ["\(folder.path)/\(name).py", "\(folder.path)/\(name).port", "\(port)"]
        let process = try background("/usr/bin/python3", arguments, log: "\(name).log")
        let folder = folder
        _ = await eventually(within: .seconds(20)) { folder.read("\(name).port") != nil }
        let told = folder.read("\(name).port").flatMap { Int($0) }
        return Server(process: process, port: try #require(told, "\(folder.read("\(name).log") ?? "")"))
    }

    /// Asks a program that runs beside the installation to end, and waits until it has.
    func end(_ process: ProcessIdentity) async throws {
        _ = try process.signal(.terminate)
        let status = try await DetachedProcess.waitForExit(process, until: .after(.seconds(20)))
        #expect(status != nil, "process \(process.pid) of the test did not end")
    }

    /// Stops the processes of a program with SIGSTOP while the body runs, and lets them go on after it.
    func whileFrozen<Answer>(_ program: String, _ body: () async throws -> Answer) async throws -> Answer {
        let frozen = try await recorded(program)
        #expect(!frozen.isEmpty, "\(program) does not run")
        for process in frozen { Glibc.kill(process, SIGSTOP) }
        // Also after an error, since whoever looks for its cause asks these processes.
        defer { for process in frozen { Glibc.kill(process, SIGCONT) } }
        return try await body()
    }

    /// Makes a repository below the folder with one skill, that of the example under another name.
    func makeRepository(_ path: String, skill: String) async throws {
        let made = try await shell(
            """
            git init -q -b main '\(path)' && cd '\(path)'
            sed 's/careful-review/\(skill)/' '\(configuration)/skills/careful-review.yaml' > skill.yaml
            git add . && git commit -q -m 'A skill from elsewhere'
            """
        )
        #expect(made.code == 0, "\(made)")
    }

    /// Cuts every connection to the database.
    func dropConnections(times: Int = 1) async throws {
        let cut = """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
            """
        let answer = try await shell(
            """
            for round in $(seq \(times)); do
                psql -qAt -h '\(state)/run/postgres' -U agirunner agirunner -c "\(cut)"
            done
            """
        )
        #expect(answer.code == 0, "\(answer.error)")
    }

    /// Reason and message of the condition Ready of a GitSource, which an event has told as well.
    func condition(of source: String) async throws -> String {
        let path = "jsonpath=.status.conditions[0]"
        let reason = try await must("get", "gitsource", source, "-o", "\(path).reason")
            .trimmingCharacters(in: .newlines)
        let events = try await must("events", "--for", "gitsource/\(source)")
        #expect(events.contains("reason=\(reason)"), "\(events)")
        return try await reason + ": " + must("get", "gitsource", source, "-o", "\(path).message")
    }

    /// Waits until a GitSource is ready, or is not.
    func waitForSource(_ name: String = "main", isReady: Bool) async throws {
        let condition = "condition=Ready=\(isReady ? "True" : "False")"
        try await must("wait", "gitsource/\(name)", "--for", condition, "--timeout", "40s")
    }

    /// What git declares and what runs, as a text that stays the same while nothing of it changes.
    func inForce() async throws -> String {
        let kinds = "modelproviders,modelroutes,playbooks,roles,runtimepools,skills,toolprofiles,workspaces"
        let shown = try await shell(
            """
            agirunner get \(kinds),workflows -o name
            agirunner get playbook bug-fix -o jsonpath=.spec
            agirunner get workflow fix-division -o jsonpath=.metadata.uid
            agirunner get workflow fix-division -o jsonpath=.status.phase
            """
        )
        #expect(shown.code == 0, "\(shown.error)")
        return shown.output
    }
}
