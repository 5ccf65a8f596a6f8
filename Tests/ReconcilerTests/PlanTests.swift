import Catalog
import Domain
import Reconciler
import Support
import Testing

@Suite struct PlanTests {
    private func planned(
        _ declared: [Declared],
        _ stored: [Stored] = [],
        prune: Value = ["enabled": true, "maxPercent": 100],
        heldBack: Set<ObjectKey> = [],
        hasErrors: Bool = false
    ) throws -> Plan {
        plan(try input(declared, stored, prune: prune, heldBack: heldBack, hasErrors: hasErrors))
    }

    private func input(
        _ declared: [Declared],
        _ stored: [Stored],
        prune: Value = ["enabled": true, "maxPercent": 100],
        heldBack: Set<ObjectKey> = [],
        hasErrors: Bool = false
    ) throws -> PlanInput {
        PlanInput(
            declared: declared,
            stored: stored,
            source: "main",
            prune: try prune.decode(),
            heldBack: heldBack,
            hasErrors: hasErrors
        )
    }

    /// Objects that stay, so that what is missing is not everything.
    private let kept = (1...9).map { declared("Skill", "kept-\($0)") }

    private func acts(_ plan: Plan) -> [String] { plan.steps.map { "\($0.act.rawValue) \($0.key)" } }

    @Test func `what is only declared is created`() throws {
        #expect(acts(try planned([declared("Role", "a")])) == ["create Role/a"])
    }

    @Test func `what is as it was needs nothing`() throws {
        let plan = try planned(kept, kept.map(\.stored))
        #expect(plan.steps.isEmpty && plan.isEmpty && plan.conflicts.isEmpty && plan.brake == nil)
    }

    @Test func `another spec, label or annotation is a change`() throws {
        let old = declared("Role", "a", ["x": 1], labels: ["tier": "one"], annotations: ["note": "n"])
        let changes = [
            declared("Role", "a", ["x": 2], labels: ["tier": "one"], annotations: ["note": "n"]),
            declared("Role", "a", ["x": 1], labels: ["tier": "two"], annotations: ["note": "n"]),
            declared("Role", "a", ["x": 1], labels: ["tier": "one"], annotations: ["note": "m"]),
        ]
        for change in changes { #expect(acts(try planned([change], [old.stored])) == ["change Role/a"]) }
    }

    /// What a manager holds of an object, set beside its file.
    private func held(_ name: String, _ fields: Value) -> FieldOwner {
        FieldOwner(
            name: name,
            operation: .update,
            time: Timestamp(microseconds: 0),
            fields: FieldSet(of: fields)
        )
    }

    @Test func `what people have set beside a file stays, and is no change`() throws {
        let file = declared("GitSource", "a", annotations: ["note": "n"])
        var stored = file.stored
        stored.object.metadata.annotations = ["note": "n", "agirunner.dev/suspend": "true"]
        #expect(acts(try planned([file], [stored])) == ["change GitSource/a"], "nobody has set it")
        let suspended: Value = ["metadata": ["annotations": ["agirunner.dev/suspend": true]]]
        stored.origin.owners = [held("unix:7", suspended)]
        #expect(try planned([file], [stored]).isEmpty)
        let changed = declared("GitSource", "a", ["x": 1], annotations: ["note": "m"])
        let step = try #require(try planned([changed], [stored]).steps.first)
        #expect(step.declared == changed, "whoever writes it looks again at what others hold")
        let kept = changed.keepingFields(of: stored, drift: .correct)
        #expect(kept.object.metadata.annotations == ["note": "m", "agirunner.dev/suspend": "true"])
    }

    @Test(arguments: [GitSourceSpec.Drift.correct, .report])
    func `a field that was taken from a file is put back or left`(drift: GitSourceSpec.Drift) throws {
        let file = declared("Role", "a", ["x": 1, "y": 1])
        var stored = declared("Role", "a", ["x": 2, "y": 1, "z": 1]).stored
        stored.origin = file.origin
        stored.origin.owners = [held("unix:7", ["spec": ["x": 1, "z": 1]])]
        stored.origin.taken = FieldSet(of: ["spec": ["x": 1]])
        stored.origin.declared = file.digest
        var input = try input([file], [stored])
        input.drift = drift
        #expect(acts(plan(input)) == (drift == .correct ? ["change Role/a"] : []))
        let kept = file.keepingFields(of: stored, drift: drift)
        #expect(kept.object.spec == ["x": drift == .correct ? 1 : 2, "y": 1, "z": 1])
        #expect(kept.origin.taken == (drift == .correct ? nil : stored.origin.taken))
        // The server's outlines have no specs, and must lead to the same.
        input.stored[0].object.spec = nil
        #expect(acts(plan(input)) == (drift == .correct ? ["change Role/a"] : []))
    }

    @Test func `an object that was offered to a source is its own once it declares it`() throws {
        let offered = declared(
            "Role",
            "a",
            source: "other",
            annotations: ["agirunner.dev/transfer-to": "gitsource/main"]
        )
        #expect(acts(try planned([declared("Role", "a")], [offered.stored])) == ["change Role/a"])
        var gone = try input([], [offered.stored])
        gone.source = "other"
        let hold = try #require(plan(gone).steps.first)
        #expect(hold.act == .hold && hold.hold == .offered)
        let stranger = declared("Role", "a", source: "other").stored
        #expect(try planned([declared("Role", "a")], [stranger]).conflicts.count == 1)
    }

    @Test func `a label that the file no longer has is a change`() throws {
        let stored = declared("Role", "a", labels: ["tier": "one", "owner": "ops"]).stored
        #expect(
            acts(try planned([declared("Role", "a", labels: ["tier": "one"])], [stored])) == ["change Role/a"]
        )
    }

    @Test func `the same object at another place is moved`() throws {
        let old = declared("Role", "a", at: "a.yaml", line: 1).stored
        #expect(acts(try planned([declared("Role", "a", at: "b.yaml")], [old])) == ["move Role/a"])
        #expect(acts(try planned([declared("Role", "a", line: 9)], [old])) == ["move Role/a"])
    }

    @Test func `what is no longer declared is pruned`() throws {
        let gone = declared("Role", "gone")
        let plan = try planned(kept, (kept + [gone]).map(\.stored))
        #expect(acts(plan) == ["prune Role/gone"])
        #expect(plan.writes == [.remove(gone.object.key)])
    }

    @Test func `creations go by layer and name, and removals the other way`() throws {
        let kinds = ["Decision", "Workflow", "Playbook", "Role", "RuntimeProfile", "Skill", "ModelProvider"]
        let new = kinds.map { declared($0, "new") } + [declared("Skill", "earlier")]
        #expect(
            acts(try planned(new)) == [
                "create ModelProvider/new", "create Skill/earlier", "create Skill/new",
                "create RuntimeProfile/new", "create Role/new", "create Playbook/new",
                "create Workflow/new", "create Decision/new",
            ]
        )
        let old = ["Skill", "Playbook", "Role", "ModelProvider"].map { declared($0, "old").stored }
        #expect(
            acts(try planned(kept + [declared("Skill", "new")], kept.map(\.stored) + old)) == [
                "create Skill/new", "prune Playbook/old", "prune Role/old", "prune Skill/old",
                "prune ModelProvider/old",
            ]
        )
    }

    @Test func `an object of another source stays, and the conflict names both`() throws {
        let theirs = declared("Role", "a", ["x": 1], at: "theirs.yaml", line: 7, source: "other").stored
        let plan = try planned([declared("Role", "a", ["x": 2], at: "ours.yaml", line: 3)], [theirs])
        #expect(plan.isEmpty && plan.steps.isEmpty)
        let conflict = try #require(plan.conflicts.first)
        #expect(conflict.code == "POL004" && conflict.path == "ours.yaml" && conflict.span.start.line == 3)
        #expect(conflict.message.contains("source 'other' (theirs.yaml:7)"))
        #expect(conflict.message.contains("source 'main'"))
    }

    @Test func `the code of a conflict is the one that Catalog explains`() {
        #expect(Code(rawValue: Plan.ownershipConflictCode) == .ownershipConflict)
    }

    @Test func `an object that a person applied stays, and the conflict names the person`() throws {
        let theirs = declared("Role", "a").applied(by: "unix:1000").stored
        let plan = try planned([declared("Role", "a", ["x": 2])], [theirs])
        #expect(plan.isEmpty)
        #expect(plan.conflicts.map(\.message).first?.contains("unix:1000") == true)
    }

    private struct Brake: CustomTestStringConvertible, Sendable {
        let prune: Value
        let missing: Int
        /// Nil when the brake lets it pass.
        let brake: String?
        var testDescription: String { "\(missing) of 10 with \(prune.canonicalJSON)" }
    }

    private static let brakes = [
        Brake(
            prune: ["enabled": false, "maxPercent": 100],
            missing: 1,
            brake: "prune.enabled is false"
        ),
        Brake(
            prune: ["enabled": true, "maxPercent": 100],
            missing: 10,
            brake: "the commit would delete 10 of 10 objects, which is everything"
        ),
        Brake(
            prune: ["enabled": true, "maxPercent": 50],
            missing: 6,
            brake: "the commit would delete 6 of 10 objects (limit 50 %)"
        ),
        Brake(prune: ["enabled": true, "maxPercent": 50], missing: 5, brake: nil),
        Brake(
            prune: ["enabled": true, "maxPercent": 100, "maxObjects": 2],
            missing: 3,
            brake: "the commit would delete 3 of 10 objects (limit 2)"
        ),
        Brake(prune: ["enabled": true, "maxPercent": 100, "maxObjects": 3], missing: 3, brake: nil),
        Brake(prune: ["enabled": false, "maxPercent": 0], missing: 0, brake: nil),
    ]

    @Test(arguments: brakes)
    private func `a brake refuses all removals or none`(_ brake: Brake) throws {
        let objects = (0..<10).map { declared("Skill", "s\($0)") }
        let rest = Array(objects.dropFirst(brake.missing))
        let plan = try planned(rest, objects.map(\.stored), prune: brake.prune)
        #expect(plan.brake == brake.brake)
        #expect(plan.steps.map(\.act).allSatisfy { $0 == .prune })
        #expect(plan.steps.count == (brake.brake == nil ? brake.missing : 0))
    }

    @Test func `a brake that refuses removals lets everything else through`() throws {
        let stored = kept.map(\.stored)
        let changed = [declared("Skill", "kept-1", ["x": 2]), declared("Skill", "new")]
        let plan = try planned(changed, stored, prune: ["enabled": false, "maxPercent": 100])
        #expect(acts(plan) == ["change Skill/kept-1", "create Skill/new"])
        #expect(plan.brake == "prune.enabled is false")
    }

    @Test func `what a commit creates counts, so that a second look is braked like the first`() throws {
        let old = (0..<4).map { declared("Skill", "old-\($0)") }
        let new = (0..<4).map { declared("Skill", "new-\($0)") }
        let prune: Value = ["enabled": true, "maxPercent": 40]
        let first = try planned(new, old.map(\.stored), prune: prune)
        let second = try planned(new, (old + new).map(\.stored), prune: prune)
        #expect(first.brake == "the commit would delete 4 of 8 objects (limit 40 %)")
        #expect(second.brake == first.brake && second.isEmpty)
    }

    @Test func `what is missing for a reason is held, with the reason`() throws {
        let missing = [
            declared("Role", "kept", annotations: ["agirunner.dev/prune": "disabled"]),
            declared("Role", "protected", annotations: ["agirunner.dev/deletion-protection": "enabled"]),
            declared("Workflow", "run"), declared("GitSource", "other"), declared("Decision", "yes"),
        ]
        let plan = try planned(kept, (kept + missing).map(\.stored))
        #expect(plan.isEmpty && plan.brake == nil)
        let reasons = Dictionary(uniqueKeysWithValues: plan.steps.map { ($0.key.description, $0.reason) })
        #expect(
            reasons == [
                "Role/kept": "agirunner.dev/prune is disabled",
                "Role/protected":
                    "agirunner.dev/deletion-protection is enabled; take it away, then delete the object",
                "Workflow/run":
                    "its declaration was removed; a run goes on until it is cancelled, and stays as history",
                "GitSource/other": "a source never deletes a source",
            ]
        )
        #expect(plan.steps.allSatisfy { $0.act == .hold })
    }

    @Test func `an object that an error holds back is not pruned, wherever it was declared`() throws {
        let wrong = declared("Role", "wrong", at: "before.yaml")
        let plan = try planned(kept, (kept + [wrong]).map(\.stored), heldBack: [wrong.object.key])
        #expect(plan.steps.isEmpty)
    }

    @Test func `a commit with errors deletes nothing, since it may have moved or be needed`()
        throws
    {
        let moved = declared("Role", "moved", at: "old.yaml")
        let plan = try planned(kept, (kept + [moved]).map(\.stored), hasErrors: true)
        #expect(acts(plan) == ["hold Role/moved"])
        #expect(plan.steps.map(\.reason) == ["the commit has errors, and deletes nothing until it has none"])
    }
}
