import Domain
import Reconciler
import Support
import Testing

/// What must hold for every plan, whatever is declared and stored.
@Suite struct PlanLawTests {
    /// One random case: what a commit declares, and what is stored before.
    private struct Case {
        var declared: [Declared] = []
        var stored: [Stored] = []
        var heldBack: Set<ObjectKey> = []
        var hasErrors = false
        var prune: Value = .null

        init(_ generator: inout SeededGenerator) {
            let kinds = Kind.all.filter(\.isDeclared).map(\.name)
            for number in 0..<Int.random(in: 1...24, using: &generator) {
                let kind = kinds[Int.random(in: 0..<kinds.count, using: &generator)]
                let new = Self.object(kind, "o\(number)", &generator)
                let isDeclared = generator.chance(70)
                if isDeclared { declared.append(new) }
                if !isDeclared, generator.chance(20) { heldBack.insert(new.object.key) }
                guard generator.chance(70) else { continue }
                var old = generator.chance(50) ? new : Self.object(kind, "o\(number)", &generator)
                if generator.chance(10) { old.origin.gitSource = "other" }
                if generator.chance(10) { old = old.applied(by: "unix:0") }
                stored.append(old.stored)
            }
            hasErrors = generator.chance(20)
            prune = [
                "enabled": .bool(generator.chance(80)),
                "maxPercent": .integer(Int64.random(in: 0...100, using: &generator)),
            ]
        }

        private static func object(
            _ kind: String,
            _ name: String,
            _ generator: inout SeededGenerator
        ) -> Declared {
            let annotations = ["agirunner.dev/prune", "agirunner.dev/deletion-protection", "note"]
            let annotation = annotations[Int.random(in: 0..<3, using: &generator)]
            let spec: Value = ["x": .integer(Int64.random(in: 0..<3, using: &generator))]
            return ReconcilerTests.declared(
                kind,
                name,
                spec,
                at: "f\(Int.random(in: 0..<3, using: &generator)).yaml",
                line: Int.random(in: 1...3, using: &generator),
                labels: generator.chance(30) ? ["tier": generator.chance(50) ? "one" : "two"] : nil,
                annotations: generator.chance(30) ? [annotation: "disabled"] : nil
            )
        }

        func input(_ declared: [Declared], _ stored: [Stored]) throws -> PlanInput {
            PlanInput(
                declared: declared,
                stored: stored,
                source: "main",
                prune: try prune.decode(),
                heldBack: heldBack,
                hasErrors: hasErrors
            )
        }
    }

    /// The stored objects after a plan's writes, as the store makes them.
    private func apply(_ plan: Plan, to stored: [Stored]) -> [Stored] {
        var objects = Dictionary(uniqueKeysWithValues: stored.map { ($0.object.key, $0) })
        for write in plan.writes {
            switch write {
            case .put(let declared): objects[write.key] = declared.stored
            case .remove(let key): objects[key] = nil
            }
        }
        return Array(objects.values)
    }

    @Test(arguments: 0..<50) func `applying a plan leaves nothing to write`(_: Int) throws {
        var generator = SeededGenerator.random()
        let seed = generator.seed
        for _ in 0..<20 {
            let random = Case(&generator)
            let first = plan(try random.input(random.declared, random.stored))
            let second = plan(try random.input(random.declared, apply(first, to: random.stored)))
            #expect(second.writes == [], "seed \(seed)")
            #expect(second.conflicts == first.conflicts, "seed \(seed)")
        }
    }

    @Test(arguments: 0..<50) func `the order of what is declared and stored does not matter`(_: Int) throws {
        var generator = SeededGenerator.random()
        let seed = generator.seed
        for _ in 0..<20 {
            let random = Case(&generator)
            let first = plan(try random.input(random.declared, random.stored))
            let second = plan(
                try random.input(
                    random.declared.shuffled(using: &generator),
                    random.stored.shuffled(using: &generator)
                )
            )
            #expect(first == second, "seed \(seed)")
        }
    }

    @Test(arguments: 0..<50) func `no plan touches what another owns, nor ever prunes a Decision or a run`(
        _: Int
    ) throws {
        var generator = SeededGenerator.random()
        let seed = generator.seed
        for _ in 0..<20 {
            let random = Case(&generator)
            let written = plan(try random.input(random.declared, random.stored)).writes
            let theirs = Set(random.stored.filter { $0.origin.gitSource != "main" }.map(\.object.key))
            #expect(theirs.isDisjoint(with: written.map(\.key)), "seed \(seed)")
            for case .remove(let key) in written {
                #expect(!["Decision", "Workflow", "GitSource"].contains(key.kind), "seed \(seed)")
                #expect(!random.heldBack.contains(key), "seed \(seed)")
            }
        }
    }
}
