import Domain
import Support
import Testing

@testable import Store

@Suite struct FleetTests {
    private let fixture = Fixture()

    private func worker(_ name: String) -> WorkerRecord {
        WorkerRecord(
            uid: fixture.uid(),
            name: name,
            pool: "pool",
            runtime: "runtime",
            namespaces: ["default"],
            tags: [],
            commands: ["git"],
            slots: 1,
            version: "1",
            createdAt: Timestamp(microseconds: 1_760_000_000_000_000)
        )
    }

    @Test func `a runtime is provisioned once and moves through its states`() async throws {
        try await withStore { store in
            let record = RuntimeRecord(
                uid: fixture.uid(),
                name: "rt-1",
                pool: "pool",
                tokenDigest: Digest("t"),
                createdAt: Timestamp(microseconds: 1_760_000_000_000_000)
            )
            try await store.provisionRuntime(record, actor: "fleet")
            #expect(try await store.runtimes() == [record])
            #expect(
                await failure { try await store.provisionRuntime(record, actor: "fleet") }?.code
                    == .alreadyExists
            )
            try await store.setRuntimeState("rt-1", .running, actor: "fleet")
            let position = try #require(try await store.rawText("SELECT last_value FROM log_position"))
            try await store.setRuntimeState("rt-1", .running, actor: "fleet")
            #expect(try await store.rawText("SELECT last_value FROM log_position") == position)
            let object = try #require(
                try await store.object(ObjectKey("Runtime", namespace: nil, name: "rt-1"))
            )
            #expect(object.status?["state"] == "running")
            #expect(object.status?["tokenDigest"] == nil)
            #expect(
                await failure { try await store.setRuntimeState("none", .gone, actor: "fleet") }?.code
                    == .notFound
            )
        }
    }

    @Test func `a worker registers, is heard of, and goes offline step by step`() async throws {
        try await withStore { store in
            try await store.registerWorker(worker("w"), tokenDigest: Digest("one"), actor: "unix:0")
            #expect(try await store.worker(tokenDigest: Digest("one"))?.name == "w")
            #expect(try await store.worker(tokenDigest: Digest("two")) == nil)
            #expect(try await store.touchWorker("w") == .online)
            #expect(
                try await store.sweepWorkers(
                    degradedAfter: .seconds(60),
                    disconnectedAfter: .seconds(120),
                    offlineAfter: .seconds(180)
                ) == 0
            )
            var states: [WorkerState] = []
            for _ in 0..<4 {
                try await store.sweepWorkers(
                    degradedAfter: .zero,
                    disconnectedAfter: .zero,
                    offlineAfter: .zero
                )
                states += try await store.workers().map(\.state)
            }
            #expect(states == [.degraded, .disconnected, .offline, .offline])
            #expect(await failure { try await store.touchWorker("w") }?.reason == "offline")
            try await store.registerWorker(worker("w"), tokenDigest: Digest("two"), actor: "unix:0")
            #expect(try await store.worker(tokenDigest: Digest("one")) == nil)
            #expect(try await store.worker(tokenDigest: Digest("two"))?.state == .online)
        }
    }

    @Test func `what has been offline or gone for long is forgotten, and watchers are told`() async throws {
        try await withStore { store in
            for name in ["rt-gone", "rt-running"] {
                let record = RuntimeRecord(
                    uid: fixture.uid(),
                    name: name,
                    pool: "pool",
                    tokenDigest: Digest(name),
                    createdAt: Timestamp(microseconds: 1_760_000_000_000_000)
                )
                try await store.provisionRuntime(record, actor: "fleet")
            }
            for name in ["w-gone", "w-online"] {
                try await store.registerWorker(worker(name), tokenDigest: Digest(name), actor: "unix:0")
            }
            try await store.setRuntimeState("rt-running", .running, actor: "fleet")
            try await store.setRuntimeState("rt-gone", .gone, actor: "fleet")
            try await store.setWorkerState("w-gone", .offline, actor: "controller")
            for name in ["w-gone", "w-online"] {
                try await store.raw(
                    "UPDATE workers SET last_seen_at = now() - interval '2 h' WHERE name = '\(name)'"
                )
            }
            @Sendable func sweep(_ forgottenAfter: Duration) async throws -> [String] {
                try await store.sweepWorkers(
                    degradedAfter: .seconds(86_400),
                    disconnectedAfter: .seconds(86_400),
                    offlineAfter: .seconds(86_400),
                    forgottenAfter: forgottenAfter
                )
                return try await store.runtimes().map(\.name) + store.workers().map(\.name)
            }
            // The runtime is old, but has been gone for a moment only.
            #expect(try await sweep(.seconds(10_000)) == ["rt-gone", "rt-running", "w-gone", "w-online"])
            #expect(try await sweep(.seconds(3600)) == ["rt-gone", "rt-running", "w-online"])
            try await store.raw("UPDATE runtimes SET changed_at = now() - interval '2 h'")
            #expect(try await sweep(.seconds(3600)) == ["rt-running", "w-online"])
            let last = try await store.rawText("SELECT max(position) FROM changes")
            try await store.waitForHorizon(Position(try #require(Int64(last ?? ""))), deadline: .seconds(10))
            let seen = try await store.changes(
                after: .start,
                kinds: ["Runtime", "Worker"],
                namespace: nil,
                limit: 99
            ).changes
            let gone = seen.filter { $0.act == .removed }.map(\.object.metadata.name)
            #expect(gone == ["w-gone", "rt-gone"])
        }
    }

    @Test func `a worker with a live attempt is busy, and a draining one stays so`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            try await fixture.change(uid, in: store) { edit, now in
                try edit.claim(edit.run.tasks[0], fixture, worker: "w", at: now)
            }
            try await store.registerWorker(worker("w"), tokenDigest: Digest("one"), actor: "unix:0")
            #expect(try await store.touchWorker("w") == .busy)
            try await store.setWorkerState("w", .draining, actor: "unix:0")
            #expect(try await store.touchWorker("w") == .draining)
            // However long it is silent before it is heard of again.
            for _ in 0..<3 {
                try await store.sweepWorkers(
                    degradedAfter: .zero,
                    disconnectedAfter: .zero,
                    offlineAfter: .seconds(60)
                )
            }
            #expect(try await store.touchWorker("w") == .draining)
            let object = try #require(try await store.object(ObjectKey("Worker", namespace: nil, name: "w")))
            #expect(
                object.status?["state"] == "draining"
                    && object.metadata.labels?["agirunner.dev/pool"] == "pool"
            )
        }
    }
}
