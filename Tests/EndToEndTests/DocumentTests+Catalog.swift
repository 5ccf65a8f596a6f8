import Foundation
import Support
import Testing

extension DocumentTests {
    @Test func `a catalog becomes a source as its page says`() async throws {
        try await System.running { system in
            let made = try await system.shell(
                """
                cp -r '\(Repository.root)/Tests/Goldens/Catalog/community' catalog
                cd catalog && git init -q -b main && git add . && git commit -q -m 'A catalog'
                """
            )
            #expect(made.code == 0, "\(made.error)")
            try await check("docs/community-catalog.md") { command in
                try await system.shell("exec 2>&1\n\(command)", within: .seconds(120))
            }
            try await followPublicCatalog(system)
        }
    }

    /// The public catalog, where it is at hand, as one more source.
    private func followPublicCatalog(_ system: System) async throws {
        let folder = publicCatalog
        guard FileManager.default.fileExists(atPath: folder) else {
            print("skipped: the public catalog is not at \(folder)")
            if ProcessInfo.processInfo.environment["AGIRUNNER_TESTS"] == "all" {
                Issue.record("there is no public catalog at \(folder), and no skip is allowed")
            }
            return
        }
        let applied = try await system.shell(
            """
            cp -r --no-preserve=mode '\(folder)' public
            (cd public && git init -q -b main && git add . && git commit -q -m 'The public catalog')
            agirunner apply -f - <<END
            apiVersion: agirunner.dev/v1
            kind: GitSource
            metadata: {name: public}
            spec:
              url: $PWD/public
              ref: {branch: main}
              layout: community
              namespace: public
              grants: {namespaces: [public], kinds: [Playbook, Role, Skill, ToolProfile]}
            END
            """
        )
        #expect(applied.code == 0, "\(applied.error)")
        try await system.waitForSource("public", isReady: true)
        let names = try await system.must("get", "playbooks", "-n", "public", "-o", "name")
        let count = names.split(separator: "\n").count
        let there = try await system.shell("ls -d public/playbooks/*/*/ | wc -l")
        #expect(String(count) == there.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
