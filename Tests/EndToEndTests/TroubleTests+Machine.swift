import Foundation
import Support
import Testing

/// A disk that is full and a clock that jumps.
extension TroubleTests {
    @Test func `a full disk of the database holds a run up and loses nothing`() async throws {
        try await System.with { system in
            try await system.start(on: .smallDisk(of: 160 << 20, system))
            try await system.waitForAttempt()
            #expect(try await apply(version: 0, system).code == 0)
            // Seen through the process, since the disk is mounted for the installation alone.
            let up = try #require(system.upProcess)
            let filler = "/proc/\(up)/root\(system.state)/postgres/filler"
            let filled = try await system.shell("head -c 1G /dev/zero > '\(filler)' || df '\(filler)'")
            #expect(filled.error.contains("No space left on device"))
            let accepted = try await applyUntilRefused(system)
            let removed = try await system.shell("rm '\(filler)'")
            #expect(removed.code == 0, "\(removed.error)")
            try await system.finishRun()
            try await system.expectRunDoneOnce()
            let stored = try await system.must("get", "skill/note", "-o", "jsonpath=.spec.summary")
            #expect(stored == "Version \(accepted).\n")
            try await system.stop()
        }
    }

    /// Changes an object again and again until the disk refuses it; the last version that was taken.
    private func applyUntilRefused(_ system: System) async throws -> Int {
        for version in 1..<2000 {
            let applied = try await apply(version: version, system)
            guard applied.code != 0 else { continue }
            #expect(applied.error.contains("The database's disk is full"), "\(applied.error)")
            return version - 1
        }
        throw SupportError("nobody noticed that the disk is full")
    }

    private func apply(version: Int, _ system: System) async throws -> System.Answer {
        let padding = String(repeating: "As long as it is, a version takes room on the disk. ", count: 200)
        return try await system.shell(
            """
            agirunner apply -f - <<'END'
            apiVersion: agirunner.dev/v1
            kind: Skill
            metadata: {name: note}
            spec:
              displayName: A note
              delivery: inline
              summary: Version \(version).
              body: \(version) \(padding)
            END
            """
        )
    }

    @Test(arguments: ["+3600", "-3600"])
    func `a clock that jumps by an hour loses nothing and does nothing twice`(step: String) async throws {
        try await System.with { system in
            try await system.start(on: .settableClock(system))
            try await system.waitForAttempt()
            try system.folder.write(step, to: "clock")
            // The clock of the tests, which has not jumped, beside that of the database.
            let question = "SELECT round(extract(epoch FROM now()) - $(date +%s))"
            let ahead = try await system.shell(
                "psql -qAt -h $PWD/state/run/postgres -U agirunner agirunner -c \"\(question)\""
            )
            let seconds = Int(ahead.output.trimmingCharacters(in: .newlines)) ?? 0
            #expect(abs(seconds - (Int(step) ?? 0)) < 60, "\(ahead)")
            try await system.finishRun()
            try await system.expectRunDoneOnce()
            try await system.stop()
        }
    }
}
