import Domain
import Reconciler
import Testing

@Suite struct ChangeReportTests {
    private let comparison = FieldComparison { _ in false }

    private func report(
        _ declared: [Declared],
        _ stored: [Stored],
        prune: Value = ["enabled": true, "maxPercent": 100],
        heldBack: [ObjectKey: Diagnostic] = [:]
    ) throws -> ChangeReport {
        let input = PlanInput(
            declared: declared,
            stored: stored,
            source: "main",
            prune: try prune.decode(),
            heldBack: Set(heldBack.keys),
            hasErrors: !heldBack.isEmpty
        )
        return ChangeReport(
            plan(input),
            of: input,
            heldBack: heldBack,
            diagnostics: heldBack.values.sorted(),
            comparison: comparison
        )
    }

    private func told(_ report: ChangeReport) -> [String] {
        report.changes.map { "\($0.act.rawValue) \($0.key) \($0.place?.description ?? "-")" }
    }

    private let kept = declared("Skill", "kept")

    @Test func `a plan is told with the place of each object, and the fields of each change`() throws {
        let old = [
            declared("Role", "b", ["x": 1], line: 3), declared("Role", "gone", line: 7), kept,
            declared("Workflow", "run", line: 9),
        ]
        let new = [declared("Role", "a", line: 2), declared("Role", "b", ["x": 2], line: 5), kept]
        let report = try report(new, old.map(\.stored))
        #expect(
            told(report) == [
                "create Role/a a.yaml:2:1", "change Role/b a.yaml:5:1", "hold Workflow/run a.yaml:9:1",
                "delete Role/gone a.yaml:7:1",
            ]
        )
        #expect(report.changes[1].fields.map(\.path) == ["spec.x"])
        #expect(
            report.changes[2].reason
                == "its declaration was removed; a run goes on until it is cancelled, and stays as history"
        )
        #expect(report.hasChanges && !report.hasErrors && report.count(.hold) == 1)
    }

    @Test func `what moves to another file is told and no change, and another line is nothing`() throws {
        let old = [declared("Role", "a", line: 1), declared("Role", "b", line: 5)].map(\.stored)
        let report = try report([declared("Role", "a", at: "b.yaml"), declared("Role", "b", line: 9)], old)
        #expect(told(report) == ["move Role/a b.yaml:1:1"])
        #expect(report.changes[0].from?.path == "a.yaml" && !report.hasChanges)
    }

    @Test func `a brake tells what it keeps, and nothing of it is a change`() throws {
        let old = [kept, declared("Role", "a"), declared("Role", "b")].map(\.stored)
        let report = try report([kept], old, prune: ["enabled": true, "maxPercent": 25])
        #expect(report.brake == "the commit would delete 2 of 3 objects (limit 25 %)")
        #expect(report.heldByBrake.map(\.description) == ["Role/a", "Role/b"])
        #expect(report.changes.isEmpty && !report.hasChanges)
    }

    @Test func `conflicts and mistakes are errors`() throws {
        let mistake = Diagnostic(
            code: "REF001",
            path: "b.yaml",
            span: TextSpan(start: .init(line: 4, column: 2), end: .init(line: 4, column: 3)),
            message: "must name a Skill"
        )
        let foreign = declared("Role", "a").applied(by: "unix:7").stored
        #expect(try report([declared("Role", "a")], [foreign]).hasErrors)
        let report = try report([kept], [], heldBack: [key("Role", "bad"): mistake])
        #expect(told(report) == ["create Skill/kept a.yaml:1:1", "invalid Role/bad b.yaml:4:2"])
        #expect(report.hasErrors && report.changes[1].reason == "REF001: must name a Skill")
    }

    @Test func `two trees are compared by key, and what an error holds back is not deleted`() {
        let old = [declared("Role", "a", ["x": 1]), declared("Role", "b"), declared("Role", "c"), kept]
        let new = [
            declared("Role", "a", ["x": 2]), declared("Role", "d"), declared("Skill", "kept", line: 4),
        ]
        let span = TextSpan(start: .init(line: 1, column: 1), end: .init(line: 1, column: 1))
        let mistake = Diagnostic(code: "SCH001", path: "c.yaml", span: span, message: "must not")
        let report = ChangeReport(
            from: old,
            to: new,
            heldBack: [key("Role", "c"): mistake],
            comparison: comparison
        )
        #expect(
            told(report) == [
                "change Role/a a.yaml:1:1", "delete Role/b a.yaml:1:1", "invalid Role/c c.yaml:1:1",
                "create Role/d a.yaml:1:1",
            ]
        )
    }

    @Test func `a report reads back from JSON as it was`() throws {
        let old = [declared("Role", "a", ["x": 1]), kept]
        let report = try report([declared("Role", "a", ["x": 2])], old.map(\.stored))
        #expect(try Value(encoding: report).decode(ChangeReport.self) == report)
    }
}
