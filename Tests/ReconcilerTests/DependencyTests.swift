import Domain
import Reconciler
import Testing

/// The order that objects ask for, and waiting for what is not ready.
@Suite struct DependencyTests {
    private func planned(
        _ declared: [Declared],
        _ stored: [Stored] = [],
        dependencies: [Stored] = []
    ) throws -> Plan {
        let prune: Value = ["enabled": true, "maxPercent": 100]
        var input = PlanInput(
            declared: declared,
            stored: stored,
            source: "main",
            prune: try prune.decode(),
            heldBack: [],
            hasErrors: false
        )
        input.dependencies = Dictionary(uniqueKeysWithValues: dependencies.map { ($0.object.key, $0) })
        return plan(input)
    }

    private func acts(_ plan: Plan) -> [String] { plan.steps.map { "\($0.act.rawValue) \($0.key)" } }

    private func waiting(_ kind: String, _ name: String, for others: String, _ spec: Value = [:]) -> Declared
    {
        declared(kind, name, spec, annotations: [Dependency.annotation: others])
    }

    /// A stored object that says this of itself.
    private func stored(_ kind: String, _ name: String, ready: String, generation: Int64 = 1) -> Stored {
        var stored = declared(kind, name).stored
        stored.object.metadata.generation = generation
        stored.object.status = [
            "conditions": [
                [
                    "type": "Ready", "status": .string(ready), "reason": "FolderMissing",
                    "observedGeneration": 1,
                ]
            ]
        ]
        return stored
    }

    @Test func `what is depended on comes first, and goes last`() throws {
        let objects = [
            waiting("Skill", "a", for: "Role/b, Skill/z"), waiting("Role", "b", for: "Playbook/c"),
            declared("Playbook", "c"), declared("Skill", "z"),
        ]
        #expect(
            acts(try planned(objects)) == [
                "create Playbook/c", "create Role/b", "create Skill/z", "create Skill/a",
            ]
        )
        let kept = declared("Skill", "kept")
        #expect(
            acts(try planned([kept], (objects + [kept]).map(\.stored))) == [
                "prune Skill/a", "prune Skill/z", "prune Role/b", "prune Playbook/c",
            ]
        )
    }

    @Test func `a change waits for what is not ready, and says for what`() throws {
        let waits = waiting("Skill", "a", for: "SecretStore/vault")
        let vault = stored("SecretStore", "vault", ready: "False")
        let plan = try planned([waits, declared("Skill", "b")], dependencies: [vault])
        #expect(acts(plan) == ["wait Skill/a", "create Skill/b"])
        #expect(
            plan.steps.first?.reason == "waits for SecretStore/vault, which is not ready (FolderMissing)"
        )
        #expect(plan.writes.map(\.key.name) == ["b"])
        let ready = stored("SecretStore", "vault", ready: "True")
        #expect(acts(try planned([waits], dependencies: [ready])) == ["create Skill/a"])
        let old = stored("SecretStore", "vault", ready: "True", generation: 2)
        #expect(acts(try planned([waits], dependencies: [old])) == ["wait Skill/a"])
    }

    @Test func `what a controller looks after is waited for, and what leads to what waits does so too`()
        throws
    {
        var role = declared("Role", "r")
        role.references = [key("Skill", "a")]
        let objects = [
            declared("SecretStore", "vault"), waiting("Skill", "a", for: "SecretStore/vault"),
            waiting("ToolProfile", "t", for: "Skill/a"), role,
        ]
        let plan = try planned(objects)
        #expect(
            acts(plan) == ["create SecretStore/vault", "wait Skill/a", "wait ToolProfile/t", "wait Role/r"]
        )
        #expect(
            plan.steps.dropFirst().map(\.reason) == [
                "waits for SecretStore/vault, which has not been looked at yet",
                "waits for Skill/a, which waits itself", "waits for Skill/a, which waits itself",
            ]
        )
    }

    @Test func `nothing is deleted while something waits`() throws {
        let vault = stored("SecretStore", "vault", ready: "False")
        let plan = try planned(
            [waiting("Skill", "a", for: "SecretStore/vault")],
            [declared("Skill", "gone").stored],
            dependencies: [vault]
        )
        #expect(acts(plan) == ["wait Skill/a", "hold Skill/gone"])
        #expect(plan.steps.last?.hold == .commitWaits)
    }

    @Test func `what a held object depends on is held with it`() throws {
        var guarded = waiting("Role", "g", for: "Skill/s")
        guarded.object.metadata.annotations?[PruneHold.protection] = "enabled"
        let kept = declared("Skill", "kept")
        let plan = try planned([kept], [kept, guarded, declared("Skill", "s")].map(\.stored))
        #expect(acts(plan) == ["hold Role/g", "hold Skill/s"])
        #expect(plan.steps.last?.reason == "Role/g, which is kept, depends on it")
    }

    @Test func `a circle that nobody refused ends all the same`() throws {
        let circle = [waiting("Skill", "a", for: "Skill/b"), waiting("Skill", "b", for: "Skill/a")]
        #expect(try planned(circle).writes.count == 2)
        let long = (0..<20_000).map { waiting("Skill", "s\($0)", for: "Skill/s\($0 + 1)") }
        #expect(try planned(long).steps.first?.key.name == "s19999")
    }
}

// How a source says that something waits.
extension DependencyTests {
    private var vault: ObjectKey { key("SecretStore", "vault") }

    private func source(_ name: String, dependsOn: [String]) -> Declared {
        gitSource(
            name,
            ["prune": ["enabled": true, "maxPercent": 100], "dependsOn": .strings(dependsOn)]
        )
    }

    private func reconcile(_ world: World, _ repository: Repository) async -> Outcome {
        await SourceController(objects: world.objectPorts, source: repository.ports)
            .reconcile(claimed(key("GitSource", "main")))
    }

    private func say(_ readiness: Readiness, of key: ObjectKey, in world: World) {
        world.with { contents in
            contents.objects[key]?.object.status =
                readiness.status(after: nil, generation: 1, now: contents.now)
        }
    }

    @Test func `a commit waits for what is not ready, says so, and goes on by itself`() async throws {
        let world = World()
        let repository = Repository()
        world.put(source("main", dependsOn: []))
        let waits = waiting("Skill", "a", for: "SecretStore/vault")
        repository.commit("c1", [declared("SecretStore", "vault"), waits, declared("Skill", "b")])
        #expect(await reconcile(world, repository) == .again(after: .seconds(5)))
        #expect(world[vault] != nil && world[key("Skill", "b")] != nil && world[key("Skill", "a")] == nil)
        let ready = try world.ready(key("GitSource", "main"))
        #expect(ready?.status == .unknown && ready?.reason == "DependencyNotReady")
        #expect(
            ready?.message == "applied 2 of 3 objects of c1; "
                + "Skill/a waits for SecretStore/vault, which has not been looked at yet"
        )
        say(.failing(reason: "FolderMissing", message: "m"), of: vault, in: world)
        #expect(await reconcile(world, repository) == .again(after: .seconds(5)))
        let message = try world.ready(key("GitSource", "main"))?.message
        #expect(message?.hasSuffix("SecretStore/vault, which is not ready (FolderMissing)") == true)
        say(.ready(reason: "Readable", message: "m"), of: vault, in: world)
        #expect(await reconcile(world, repository) == .again(after: jittered(.seconds(30), for: "main")))
        #expect(world[key("Skill", "a")] != nil)
        #expect(try world.ready(key("GitSource", "main"))?.reason == "Applied")
    }

    @Test func `a source waits for the sources it depends on`() async throws {
        let world = World()
        let repository = Repository()
        let platform = key("GitSource", "platform")
        world.put(source("main", dependsOn: ["platform"]))
        repository.commit("c1", [declared("Skill", "a")])
        let main = key("GitSource", "main")
        #expect(await reconcile(world, repository) == .again(after: .seconds(5)))
        #expect(try world.ready(main)?.message == "waits for GitSource/platform, which does not exist")
        world.put(source("platform", dependsOn: []))
        say(.failing(reason: "Unavailable", message: "m"), of: platform, in: world)
        #expect(await reconcile(world, repository) == .again(after: .seconds(5)))
        let said = "waits for GitSource/platform, which is not ready (Unavailable)"
        #expect(try world.ready(main)?.message == said)
        #expect(world[key("Skill", "a")] == nil && repository.with(\.loads) == 0)
        say(.ready(reason: "Applied", message: "m"), of: platform, in: world)
        _ = await reconcile(world, repository)
        #expect(try world.ready(main)?.reason == "Applied" && world[key("Skill", "a")] != nil)
    }
}
