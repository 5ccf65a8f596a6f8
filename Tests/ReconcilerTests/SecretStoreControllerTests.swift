import Domain
import Reconciler
import Synchronization
import Testing

/// What keeps a store from being read, if anything does.
private final class Trouble: Sendable {
    let failure = Mutex<Failure?>(nil)
}

@Suite struct SecretStoreControllerTests {
    private let world = World()
    private let store = key("SecretStore", "vault")
    private let trouble = Trouble()

    init() {
        let spec: Value = ["type": "file", "config": ["directory": "/srv/secrets"]]
        world.put(declared("SecretStore", "vault", spec).applied(by: "unix:0"))
    }

    private func reconcile() async -> Outcome {
        await SecretStoreController(objects: world.objectPorts, sealingKey: { "a-public-key" }) { key, spec in
            #expect(key == store)
            #expect(spec.type != .file || spec.config.directory == "/srv/secrets")
            if let failure = trouble.failure.withLock({ $0 }) { throw failure }
        }.reconcile(claimed(store))
    }

    @Test func `a store says whether it can be read, and is looked at again`() async throws {
        #expect(await reconcile() == .again(after: .seconds(60)))
        #expect(try world.ready(store)?.status == .yes)
        trouble.failure.withLock { $0 = Failure(.unavailable, "The folder /srv/secrets cannot be read") }
        #expect(await reconcile() == .again(after: .seconds(60)))
        #expect(try world.ready(store)?.status == .no)
        #expect(try world.ready(store)?.reason == "Unreachable")
        trouble.failure.withLock { $0 = nil }
        _ = await reconcile()
        #expect(try world.ready(store)?.reason == "Reachable")
    }

    @Test func `a store of sealed secrets tells what seals them, and does so when one cannot be opened`()
        async throws
    {
        _ = await reconcile()
        #expect(world.status(store)["sealingKey"] == nil)
        world.put(declared("SecretStore", "vault", ["type": "sealed", "config": [:]]).applied(by: "unix:0"))
        trouble.failure.withLock { $0 = Failure(.unavailable, "The secret 'a' cannot be opened") }
        _ = await reconcile()
        #expect(try world.ready(store)?.reason == "Unreachable")
        #expect(world.status(store)["sealingKey"] == "a-public-key")
        world.put(declared("SecretStore", "vault", ["type": "env", "config": [:]]).applied(by: "unix:0"))
        trouble.failure.withLock { $0 = nil }
        _ = await reconcile()
        #expect(world.status(store)["sealingKey"] == nil)
    }

    @Test func `a store that is gone is left`() async {
        world.with { $0.objects[store] = nil }
        #expect(await reconcile() == .done)
    }
}
