package import Domain

/// What the fleet manager must make true, pulled once a cycle.
package struct FleetSnapshot: Sendable, Hashable, Codable {
    package struct Pool: Sendable, Hashable, Codable {
        package var name: String
        package var spec: RuntimePoolSpec
        /// Digest of the pool's spec; a runtime made from another one is replaced.
        package var digest: Digest
        /// Ready tasks this pool could run.
        package var pendingTasks: Int

        /// A pool of its parts.
        package init(name: String, spec: RuntimePoolSpec, digest: Digest, pendingTasks: Int) {
            self.name = name
            self.spec = spec
            self.digest = digest
            self.pendingTasks = pendingTasks
        }
    }

    /// A runtime as the control plane knows it.
    package struct Runtime: Sendable, Hashable, Codable {
        package var name: String
        package var pool: String
        /// The worker's state, or nil while it never registered.
        package var worker: WorkerState?
        package var busyTasks: Int
        /// Since the last heartbeat, in milliseconds; nil while it never registered.
        package var silentMilliseconds: Int64?

        /// A runtime of its parts.
        package init(
            name: String,
            pool: String,
            worker: WorkerState?,
            busyTasks: Int,
            silentMilliseconds: Int64?
        ) {
            self.name = name
            self.pool = pool
            self.worker = worker
            self.busyTasks = busyTasks
            self.silentMilliseconds = silentMilliseconds
        }
    }

    package var pools: [Pool]
    package var runtimes: [Runtime]

    /// A snapshot of its parts.
    package init(pools: [Pool], runtimes: [Runtime]) {
        self.pools = pools
        self.runtimes = runtimes
    }
}

/// The fleet manager is about to make a runtime and asks for its identity.
package struct ProvisionRequest: Sendable, Hashable, Codable {
    package var pool: String
    package var runtime: String

    /// A request of its parts.
    package init(pool: String, runtime: String) {
        self.pool = pool
        self.runtime = runtime
    }
}

/// The identity of a runtime to be made; the token exists nowhere else.
package struct ProvisionReply: Sendable, Hashable, Codable {
    package var runtime: String
    package var token: String

    /// A reply of its parts.
    package init(runtime: String, token: String) {
        self.runtime = runtime
        self.token = token
    }
}

/// What runs, as the fleet manager sees it; a runtime that is missing here is gone.
package struct InventoryReport: Sendable, Hashable, Codable {
    package struct Entry: Sendable, Hashable, Codable {
        package var runtime: String
        package var pool: String
        package var isRunning: Bool
        package var message: String?

        /// An entry of its parts.
        package init(runtime: String, pool: String, isRunning: Bool, message: String?) {
            self.runtime = runtime
            self.pool = pool
            self.isRunning = isRunning
            self.message = message
        }
    }

    package var entries: [Entry]

    /// A report of its parts.
    package init(entries: [Entry]) { self.entries = entries }
}
