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
        await SecretStoreController(objects: world.objectPorts) { spec in
            #expect(spec.config.directory == "/srv/secrets")
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

    @Test func `a store that is gone is left`() async {
        world.with { $0.objects[store] = nil }
        #expect(await reconcile() == .done)
    }
}
