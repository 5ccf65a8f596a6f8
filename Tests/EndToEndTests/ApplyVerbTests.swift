import Support
import Testing

/// The verbs that change objects, against everything as it runs.
@Suite struct ApplyVerbTests {
    @Test func `objects are tried, applied, edited, pruned and deleted on a real server`() async throws {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            try await applyAndPrune(system)
            try await change(system)
            try await keepOthers(system)
            try await patch(system)
            try await suspend(system)
            try await suspendDeclared(system)
        }
    }

    @Test func `the examples of all kinds are applied, and then there is nothing to change`() async throws {
        try await System.with { system in
            try await system.start(example: nil)
            let kinds = "\(Repository.root)/examples/kinds"
            // What a source enters its repository with must be there first.
            try await system.must("apply", "-f", "\(kinds)/SecretStore.yaml")
            let made = try await system.must("apply", "-f", kinds)
            #expect(made.split(separator: "\n").count > 20, "\(made)")
            let again = try await system.must("apply", "-f", kinds)
            #expect(again.split(separator: "\n").allSatisfy { $0.hasSuffix(" unchanged") }, "\(again)")
            let diff = try await system.agirunner("diff", "-f", kinds)
            #expect(diff.code == 0 && diff.output.hasSuffix("no changes\n"), "\(diff)")
            try await system.stop()
        }
    }

    private func skill(_ name: String, _ body: String = "Look twice.") -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: Skill
        metadata: {name: \(name)}
        spec: {displayName: \(name), summary: How to., body: \(body)}

        """
    }

    private func applyAndPrune(_ system: System) async throws {
        for name in ["one", "two"] { try system.folder.write(skill(name), to: "hand/\(name).yaml") }
        let folder = "\(system.folder.path)/hand"
        let set = ["-f", folder, "--applyset", "team"]
        let tried = try await system.must("apply", "-f", folder, "--dry-run=server")
        #expect(tried.hasPrefix("skill.agirunner.dev/one created (server dry run)\n"))
        #expect(try await system.must("get", "skill", "one", "--ignore-not-found", "-o", "name") == "")
        let made = try await system.must("apply", set[0], set[1], set[2], set[3], "--wait")
        #expect(made.hasSuffix("skill.agirunner.dev/one ready\nskill.agirunner.dev/two ready\n"), "\(made)")
        try system.folder.write(skill("two", "Look thrice."), to: "hand/two.yaml")
        try system.folder.remove("hand/one.yaml")
        let would = try await system.must(
            "apply",
            set[0],
            set[1],
            set[2],
            set[3],
            "--prune",
            "--dry-run=server"
        )
        #expect(
            would == """
                skill.agirunner.dev/two configured (server dry run)
                skill.agirunner.dev/one pruned (server dry run)

                """
        )
        let done = try await system.must("apply", set[0], set[1], set[2], set[3], "--prune")
        #expect(done == "skill.agirunner.dev/two configured\nskill.agirunner.dev/one pruned\n")
        let left = try await system.must("get", "skills", "-o", "name")
        #expect(left.contains("/careful-review\n") && left.contains("/two\n") && !left.contains("/one\n"))
    }

    /// What a file does not name is whoever's set it, for `diff` as for `apply`, defaults as well.
    private func keepOthers(_ system: System) async throws {
        try system.folder.write(skill("two", "Look away."), to: "hand/two.yaml")
        let file = "\(system.folder.path)/hand/two.yaml"
        try await system.must("patch", "skill/two", "-p", #"{"spec":{"delivery":"onDemand"}}"#)
        let same = try await system.agirunner("diff", "-f", file)
        #expect(same.code == 0 && same.output.contains("no changes"), "\(same)")
        #expect(try await system.must("apply", "-f", file) == "skill.agirunner.dev/two unchanged\n")
        let kept = try await system.must(
            "get",
            "skill/two",
            "-o",
            "custom-columns=A:.spec.delivery,B:.metadata.labels.team",
            "--no-headers"
        )
        #expect(kept == "onDemand   blue\n")
        try system.folder.write(skill("two", "Look up."), to: "hand/two.yaml")
        let other = try await system.agirunner("diff", "-f", file)
        #expect(
            other.code == 1 && other.output.contains("spec.body: \"Look away.\" -> \"Look up.\""),
            "\(other)"
        )
        #expect(other.output.contains("1 to change") && !other.output.contains("delivery"), "\(other)")
        try await system.must("apply", "-f", file)
    }

    private func change(_ system: System) async throws {
        #expect(
            try await system.must("label", "skill/two", "team=red") == "skill.agirunner.dev/two labeled\n"
        )
        let refused = try await system.agirunner("label", "skill/two", "team=blue")
        #expect(refused.code == 1 && refused.error.contains("--overwrite"), "\(refused)")
        try await system.must("label", "skill/two", "team=blue", "--overwrite")
        try await system.must("annotate", "skill/two", "example.org/note=n", "--dry-run=server")
        try await system.must("annotate", "skill/two", "example.org/note=m")
        let metadata = try await system.must("get", "skill", "two", "-o", "jsonpath=.metadata.annotations")
        #expect(metadata == "{\"example.org/note\":\"m\"}\n")
        let edited = try await system.shell(
            "EDITOR=\"sed -i 's/Look thrice./Look away./'\" agirunner edit skill/two"
        )
        #expect(edited.output == "skill.agirunner.dev/two edited\n", "\(edited)")
        let unchanged = try await system.shell("EDITOR=true agirunner edit skill/two")
        #expect(unchanged.code == 0 && unchanged.error == "Edit cancelled, no changes made.\n")
        let body = try await system.must("get", "skill", "two", "-o", "jsonpath=.spec.body")
        #expect(body == "Look away.\n")
    }

    private func patch(_ system: System) async throws {
        let summary = #"{"spec":{"summary":"How not to."}}"#
        let tried = try await system.must("patch", "skill/two", "-p", summary, "--dry-run=server")
        #expect(tried == "skill.agirunner.dev/two patched (server dry run)\n")
        let done = try await system.must("patch", "skill/two", "--type", "merge", "-p", summary)
        #expect(done == "skill.agirunner.dev/two patched\n")
        let unknown = #"{"spec":{"sumary":"x"}}"#
        let strict = try await system.agirunner("patch", "skill/two", "-p", unknown)
        #expect(strict.code == 1 && strict.error.contains("sumary"), "\(strict)")
        let warned = try await system.agirunner("patch", "skill/two", "-p", unknown, "--validate=warn")
        #expect(warned.code == 0 && warned.error.hasPrefix("Warning: "), "\(warned)")
        #expect(warned.output == "skill.agirunner.dev/two patched (no change)\n")
        let gone = try await system.must("delete", "skills", "two", "none", "--ignore-not-found")
        #expect(gone == "skill.agirunner.dev \"two\" deleted\n")
    }

    private func suspend(_ system: System) async throws {
        try await system.must("suspend", "gitsource/main")
        let suspended = "jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=Suspended"
        try await system.must("wait", "gs/main", "--for", suspended)
        try await system.must("resume", "gitsource/main")
        let ready = "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}=True"
        try await system.must("wait", "gs/main", "--for", "jsonpath=.spec.suspend=false", "--for", ready)
    }

    /// A source that git declares: its spec belongs to the file, the annotation to whoever sets it.
    private func suspendDeclared(_ system: System) async throws {
        let made = try await system.shell(
            """
            agirunner patch gitsource/main -p '{"spec":{"grants":{"kinds":["*","GitSource"]}}}'
            cd '\(system.configuration)'
            printf '%s\\n' 'apiVersion: agirunner.dev/v1' 'kind: GitSource' 'metadata: {name: child}' \
              'spec: {url: \(system.folder.path)/child, ref: {branch: main}, interval: 1h}' > child.yaml
            git init -q -b main '\(system.folder.path)/child'
            git -C '\(system.folder.path)/child' commit -q --allow-empty -m 'Nothing yet'
            git add -A && git commit -q -m 'Declare a source' && git rev-parse HEAD
            """
        )
        #expect(made.code == 0, "\(made)")
        let commit = made.output.split(separator: "\n").last ?? ""
        try await system.must("wait", "gitsource/main", "--for", "revision=\(commit)")
        let refused = try await system.agirunner(
            "patch",
            "gs/child",
            "-p",
            #"{"spec":{"interval":"5m"}}"#
        )
        #expect(refused.code == 1 && refused.error.contains("at child.yaml:1"), "\(refused)")
        try await system.must("label", "gs/child", "team=red")
        try await system.must("suspend", "gitsource/child")
        try await system.must("reconcile", "gitsource/child")
        let again = try await system.shell(
            """
            cd '\(system.configuration)'
            sed -i 's/interval: 1h/interval: 2h/' child.yaml
            git commit -q -a -m 'Look less often' && git rev-parse HEAD
            """
        )
        let next = again.output.split(separator: "\n").last ?? ""
        try await system.must("wait", "gitsource/main", "--for", "revision=\(next)")
        let annotation = "jsonpath={.metadata.annotations.agirunner\\.dev/suspend}=true"
        try await system.must(
            "wait",
            "gs/child",
            "--for",
            "jsonpath=.spec.interval=2h",
            "--for",
            annotation
        )
        let drift = try await system.agirunner("drift", "--source", "main")
        #expect(drift.code == 0, "\(drift)")
        try await system.must("resume", "gitsource/child")
        let left = try await system.must("get", "gs", "child", "-o", "jsonpath=.metadata.annotations")
        #expect(!left.contains("suspend"))
    }
}
