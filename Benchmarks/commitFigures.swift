import Domain
import Foundation
import Support

/// From a commit to an active workflow, and from a ready task to a claimed one.
func commitFigures(_ stack: Stack) async throws -> [Figure] {
    let names = (1...30).map { "ping-\($0)" }
    let active = try await activeTimes(stack, names)
    return [
        .latency(
            "commit → workflow active, beside `git commit` and one INSERT",
            try Samples(active),
            floor: try Samples(try await commitFloor(stack, count: names.count)),
            p50: 50
        ),
        .latency(
            "task ready → claimed, beside one bare UPDATE",
            try Samples(try await claimTimes(stack, Set(names))),
            floor: try Samples(try await claimFloor(stack)),
            p50: 10,
            p99: 50
        ),
    ]
}

/// Commits one workflow after the other, each when the one before has completed.
///
/// The time begins with the start of `git commit` and ends with the frame of the watch, so it holds all of
/// git.
private func activeTimes(_ stack: Stack, _ names: [String]) async throws -> [Duration] {
    let watch = try await WorkflowWatch(stack)
    var times: [Duration] = []
    for name in names {
        try stack.declare([name])
        try await stack.git("add", "-A")
        let start = ContinuousClock.now
        async let committed: Void = stack.git("commit", "-q", "-m", "Declare \(name)")
        // A run as short as this may have completed when the watch shows it for the first time.
        try await watch.until(name, within: .seconds(30)) { ["active", "completed"].contains($0) }
        times.append(start.duration(to: .now))
        try await committed
        try await watch.until(name, within: .seconds(30)) { $0 == "completed" }
    }
    return times
}

/// `git commit` in a copy that nobody watches, plus one INSERT with its COMMIT in the same server.
private func commitFloor(_ stack: Stack, count: Int) async throws -> [Duration] {
    let copy = "\(stack.folder.path)/copy"
    try await stack.git("clone", "-q", stack.configuration, copy)
    var times: [Duration] = []
    for number in 1...count {
        try stack.declare(["floor-\(number)"], in: copy)
        try await stack.git("add", "-A", in: copy)
        times.append(
            try await timed { try await stack.git("commit", "-q", "-m", "Declare \(number)", in: copy) }
        )
    }
    try await stack.database.run("CREATE TABLE public.bare_insert (id serial PRIMARY KEY, body text);")
    let inserts = try await stack.database.times(
        of: ["INSERT INTO public.bare_insert (body) VALUES (repeat('x', 500))"],
        repeated: count,
        pause: .milliseconds(5)
    )
    return zip(times, inserts).map(+)
}

/// The times between the events of a task that became ready and of its claim, as the database took them.
private func claimTimes(_ stack: Stack, _ workflows: Set<String>) async throws -> [Duration] {
    let list = try Value(json: try await stack.agirunner("get", "events", "-o", "json"))
    var ready: [String: Timestamp] = [:]
    var times: [Duration] = []
    for item in list["items"]?.array ?? [] {
        guard let event: Event = try item["status"]?.decode(), event.subjectKind == "Task",
            workflows.contains(event.workflow ?? ""), let state = event.data["state"]?.string
        else { continue }
        if state == "ready" { ready[event.subjectName] = event.time }
        if state == "claimed", let since = ready.removeValue(forKey: event.subjectName) {
            times.append(event.time - since)
        }
    }
    guard times.count == workflows.count else {
        throw BenchmarkError("the log tells of \(times.count) claims of \(workflows.count)")
    }
    return times
}

private func claimFloor(_ stack: Stack) async throws -> [Duration] {
    try await stack.database.run(
        """
        CREATE TABLE public.bare (id integer PRIMARY KEY, state text NOT NULL);
        INSERT INTO public.bare SELECT number, 'ready' FROM generate_series(1, 1000) number;
        """
    )
    let statement = bareClaim.split(separator: ";").first.map(String.init) ?? ""
    return try await stack.database.times(of: [statement], repeated: 100, pause: .milliseconds(5))
}
