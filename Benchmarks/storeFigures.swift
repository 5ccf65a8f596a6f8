import Domain
import Store
import Support
import Synchronization

/// What claims and completions cost at the Store port, beside one bare UPDATE in the same cluster.
func storeFigures(_ cluster: TemporaryCluster) async throws -> [Figure] {
    let database = Database(cluster)
    var figures: [Figure] = []
    for connections in [4, 8] { figures.append(try await throughputFigure(cluster, database, connections)) }
    figures.append(try await ownStatementsFigure(cluster, connections: 4))
    figures.append(try await horizonFigure(cluster, database))
    return figures
}

private func throughputFigure(
    _ cluster: TemporaryCluster,
    _ database: Database,
    _ connections: Int
) async throws -> Figure {
    let rate = try await withLoad(cluster, "throughput\(connections)", connections, runs: 250) { load in
        let start = ContinuousClock.now
        let count = try await load.work(workers: connections)
        return Double(count) / (start.duration(to: .now) / .seconds(1))
    }
    try await database.run(
        """
        DROP TABLE IF EXISTS public.bare;
        CREATE TABLE public.bare (id integer PRIMARY KEY, state text NOT NULL);
        INSERT INTO public.bare SELECT number, 'ready' FROM generate_series(1, 200000) number;
        CREATE INDEX ON public.bare (id) WHERE state = 'ready';
        VACUUM ANALYZE public.bare;
        """
    )
    let floor = try await database.throughput(of: bareClaim, connections: connections, seconds: 5)
    return Figure(
        name: "claim and complete at the Store, \(connections) connections, beside one bare UPDATE",
        measured: "\(short(rate)) tasks/s",
        floor: "\(short(floor)) /s",
        ratio: times(floor / rate)
    )
}

/// How long after its commit a write is final for readers, while eight workers claim and complete.
///
/// The floor is the least that finding it out can cost: three round trips of a session under the same load.
private func horizonFigure(_ cluster: TemporaryCluster, _ database: Database) async throws -> Figure {
    let (lags, floor) = try await withLoad(cluster, "horizon", 9, runs: 400) { load in
        async let trips = database.times(
            of: Array(repeating: "SELECT pg_snapshot_xmin(pg_current_snapshot())", count: 3),
            repeated: 200,
            pause: .milliseconds(10)
        )
        let isOver = Mutex(false)
        async let worked: Void = {
            defer { isOver.withLock { $0 = true } }
            _ = try await load.work(workers: 8)
        }()
        var lags: [Duration] = []
        // Only as long as there is load: a store at rest answers at once, and would hide the others.
        while !isOver.withLock({ $0 }) {
            let position = try await load.write("probe", text: "\(lags.count)")
            lags.append(
                try await timed { try await load.store.waitForHorizon(position, deadline: .seconds(10)) }
            )
        }
        try await worked
        guard lags.count >= 50 else { throw BenchmarkError("the load was over after \(lags.count) writes") }
        return (lags, try await trips)
    }
    return .latency(
        "horizon behind a commit, 8 workers, beside three round trips",
        try Samples(lags),
        floor: try Samples(floor),
        p99: 20
    )
}

/// The same work as a claim when nothing but the claim is kept.
let bareClaim = """
    UPDATE public.bare SET state = 'done' WHERE id = (
        SELECT id FROM public.bare WHERE state = 'ready' ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1
    );

    """

/// A store in a schema of its own with runs of five ready tasks each, which the planner knows of.
private func withLoad<Answer: Sendable>(
    _ cluster: TemporaryCluster,
    _ schema: String,
    _ connections: Int,
    runs: Int,
    _ body: @Sendable @escaping (StoreLoad) async throws -> Answer
) async throws -> Answer {
    let settings = cluster.settings(schema: schema, connections: connections)
    return try await withStore(settings: settings) { store in
        let load = StoreLoad(store)
        // A store has a past: without one the server would plan for tables that it knows to be empty.
        try await load.prepare("past", runs: 40, tasksPerRun: 5)
        _ = try await load.work(workers: 4)
        try await load.prepare("run", runs: runs, tasksPerRun: 5)
        // The cluster has no autovacuum, which does this elsewhere.
        try await Database(cluster).run("VACUUM ANALYZE;")
        return try await body(load)
    }
}
