import Foundation
import Support
import Testing

/// A source that applies only what was signed by somebody it accepts.
@Suite struct SignedSourceTests {
    @Test func `an unsigned commit in the middle of a range is named, and nothing of its tip is applied`()
        async throws
    {
        try await System.running { system in
            let (ann, bob) = (try await SigningKey(), try await SigningKey())
            let made = try await system.shell("git init -q -b main signed")
            #expect(made.code == 0, "\(made)")
            let first = try await commit(system, "one", by: ann)
            try await apply(system, "range", ann)
            try await mustApply(system, first, ["one"])
            let told = try await verified(system)
            #expect(told.hasPrefix("True: Verified: commit \(first.prefix(7)) is signed by ann@"), "\(told)")

            let unsigned = try await commit(system, "two", by: nil)
            let tip = try await commit(system, "three", by: ann)
            try await mustRefuse(system, tip, "SignatureMissing: commit \(unsigned.prefix(7)) by New User")
            let described = try await system.must("describe", "gitsource/signed")
            #expect(described.contains("SourceVerified") && described.contains("SignatureRejected"))

            // A commit on top leaves it in the range; history without it does not.
            let above = try await commit(system, "four", by: ann)
            try await mustRefuse(system, above, "SignatureMissing: commit \(unsigned.prefix(7)) by New User")
            let reset = try await system.shell("git -C signed reset -q --hard \(first)")
            #expect(reset.code == 0, "\(reset)")
            let mended = try await commit(system, "five", by: ann)
            try await mustApply(system, mended, ["five", "one"])

            let foreign = try await commit(system, "six", by: bob)
            try await mustRefuse(system, foreign, "SignerUnknown: commit \(foreign.prefix(7)) by New User")
            let last = try await commit(system, "seven", by: ann)
            try await mustRefuse(system, last, "SignerUnknown: commit \(foreign.prefix(7)) by New User")
            try await mustPutBack(system)
            // The tip alone is signed by somebody who is accepted.
            try await apply(system, "tip", ann)
            try await mustApply(system, last, ["five", "one", "seven", "six"])
        }
    }

    @Test func `a Decision in git is that of whoever signed it, at a gate that names the key`()
        async throws
    {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            let (ann, bob) = (try await SigningKey(), try await SigningKey())
            let signers = "ann@example.org \(ann.publicKey)\\nbob@example.org \(bob.publicKey)"
            let patch = #"{"spec":{"verify":{"mode":"tip","allowedSigners":"\#(signers)"}}}"#
            try await system.must("patch", "gitsource/main", "-p", patch)
            // What is in force was never signed, and stays.
            try await system.must("wait", "gitsource/main", "--for", "condition=SourceVerified=False")
            try await sign(system, with: ann)
            let named = try await system.shell(
                """
                cd '\(system.configuration)'
                sed -i -e 's|"role:operator"|"signer:\(try await ann.fingerprint())"|' \
                  -e 's/version: "1.0.0"/version: "1.0.1"/' playbooks/bug-fix/playbook.yaml
                git commit -q -a -m 'Ann lets it out'
                """
            )
            #expect(named.code == 0, "\(named)")
            try await system.commitRun("signed")
            try await system.waitForGate("signed")
            try await sign(system, with: bob)
            let refused = try await decide(system, "by-bob")
            #expect(refused.contains("refused") && refused.contains("not_an_approver"), "\(refused)")
            try await sign(system, with: ann)
            let applied = try await decide(system, "by-ann")
            #expect(applied.contains("applied signer:SHA256:"), "\(applied)")
            try await system.must("wait", "workflow/signed", "--for", "phase=completed", "--timeout", "40s")
        }
    }

    private func sign(_ system: System, with key: SigningKey) async throws {
        let made = try await system.shell(
            """
            cd '\(system.configuration)'
            git config gpg.format ssh
            git config user.signingkey '\(key.path)'
            git config commit.gpgsign true
            """
        )
        #expect(made.code == 0, "\(made)")
    }

    /// Commits an approval, and answers what became of it: outcome, by whom, and why.
    private func decide(_ system: System, _ name: String) async throws -> String {
        let made = try await system.shell(
            """
            cd '\(system.configuration)'
            mkdir -p decisions
            cat > decisions/\(name).yaml <<'END'
            apiVersion: agirunner.dev/v1
            kind: Decision
            metadata: {name: \(name)}
            spec:
              target: {kind: Workflow, name: signed}
              action: approve
            END
            git add decisions && git commit -q -m 'Let it out'
            """
        )
        #expect(made.code == 0, "\(made)")
        let isLookedAt = try await eventually(within: .seconds(40)) {
            let found = try await system.agirunner("get", "decision", name, "-o", "jsonpath=.status.outcome")
            return ["applied\n", "refused\n"].contains(found.output)
        }
        #expect(isLookedAt)
        var words: [String] = []
        for member in ["outcome", "by", "reason"] {
            words.append(try await system.must("get", "decision", name, "-o", "jsonpath=.status.\(member)"))
        }
        return words.map { $0.replacing("\n", with: "") }.joined(separator: " ")
    }

    private func apply(_ system: System, _ mode: String, _ key: SigningKey) async throws {
        let applied = try await system.shell(
            """
            agirunner apply -f - <<'END'
            apiVersion: agirunner.dev/v1
            kind: GitSource
            metadata:
              name: signed
            spec:
              url: \(system.folder.path)/signed
              ref: {branch: main}
              interval: 1s
              grants: {namespaces: ["*"], kinds: [Skill]}
              verify:
                mode: \(mode)
                allowedSigners: |
                  # Whoever may say what a skill is.
                  \(key.allowed(as: "ann@example.org"))
            END
            """
        )
        #expect(applied.code == 0, "\(applied)")
    }

    /// Commits one more skill, signed by a key or by nobody.
    private func commit(_ system: System, _ name: String, by key: SigningKey?) async throws -> String {
        let signing = key.map { "-c gpg.format=ssh -c user.signingkey='\($0.path)'" } ?? ""
        let made = try await system.shell(
            """
            skill='\(system.configuration)/skills/careful-review.yaml'
            cd signed && sed 's/careful-review/\(name)/' "$skill" > \(name).yaml
            git add .
            git \(signing) commit -q \(key == nil ? "" : "-S") -m \(name)
            git rev-parse HEAD
            """
        )
        #expect(made.code == 0, "\(made)")
        return String(made.output.dropLast())
    }

    private func mustApply(_ system: System, _ commit: String, _ names: [String]) async throws {
        try await system.must(
            "wait",
            "gitsource/signed",
            "--for",
            "revision=\(commit)",
            "--for",
            "condition=SourceVerified",
            "--timeout",
            "40s"
        )
        #expect(try await skills(system) == names)
    }

    /// Nothing changes, and the condition says why.
    private func mustRefuse(_ system: System, _ commit: String, _ words: String) async throws {
        let before = try await skills(system)
        let wait = try await system.agirunner(
            "wait",
            "gitsource/signed",
            "--for",
            "revision=\(commit)",
            "--timeout",
            "40s"
        )
        #expect(wait.code == 4 && wait.error.contains("SignatureRejected"), "\(wait)")
        let told = try await verified(system)
        #expect(told.hasPrefix("False: \(words)"), "\(told)")
        #expect(try await system.condition(of: "signed").contains("what was applied before stays"))
        #expect(try await skills(system) == before)
    }

    /// What is in force is kept as its files say, also while the newest commit is refused.
    private func mustPutBack(_ system: System) async throws {
        let summary = "agirunner get skill/one -o jsonpath=.spec.summary"
        let declared = try await system.shell(summary).output
        let patch = #"{"spec":{"summary":"Do not look."}}"#
        try await system.must("patch", "skill/one", "-p", patch, "--force-conflicts")
        let isPutBack = try await eventually(within: .seconds(40)) {
            try await system.shell(summary).output == declared
        }
        #expect(isPutBack)
        #expect(try await system.condition(of: "signed").contains("SignatureRejected"))
        #expect(try await skills(system) == ["five", "one"])
    }

    private func verified(_ system: System) async throws -> String {
        let answer = try await system.shell(
            """
            agirunner get gitsource signed -o json | python3 -c '
            import json, sys
            for condition in json.load(sys.stdin)["status"]["conditions"]:
                if condition["type"] == "SourceVerified":
                    print(condition["status"], condition["reason"], condition["message"], sep=": ")
            '
            """
        )
        #expect(answer.code == 0, "\(answer)")
        return answer.output
    }

    /// The names of the skills that the source has declared, sorted.
    private func skills(_ system: System) async throws -> [String] {
        let listed = try await system.must("get", "skills", "-o", "name")
        let all = listed.split(separator: "\n").compactMap { $0.split(separator: "/").last.map(String.init) }
        return all.filter { ["one", "two", "three", "four", "five", "six", "seven"].contains($0) }.sorted()
    }
}
