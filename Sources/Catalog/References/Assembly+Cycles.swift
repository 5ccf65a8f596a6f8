internal import Domain

/// One step of a way from object to object.
private struct Edge {
    let target: ObjectKey
    /// Where the target is named; nil for what another source declares.
    let place: (path: String, position: TextPosition)?
}

// Orders that cannot be kept: what waits for itself.
extension Assembly {
    /// How many cycles are told from end to end, and how many steps of each: a hostile source has thousands.
    private static let cycleLimit = 20
    private static let stepLimit = 50

    /// Reports cycles that a dependency is part of; references alone may lead in a circle.
    ///
    /// A way that comes back to a file which changed leads through files that are judged with it, so nothing
    /// else has to be looked at.
    mutating func checkCycles() {
        guard drafts.contains(where: { $0.references.contains(where: \.isDependency) }) else { return }
        let graph = circling(edges())
        guard !graph.isEmpty else { return }
        let knots = knots(graph)
        var told: Set<ObjectKey> = []
        var toldKnots: Set<Int> = []
        var ways = 0
        for index in drafts.indices {
            let own = key(drafts[index])
            guard byKey[own] == index, let knot = knots[own], !told.contains(own) else { continue }
            let closing = drafts[index].references.first {
                $0.isDependency && knots[$0.key(from: own.namespace)] == knot
            }
            // Everything in a knot leads to what is told of it, and is held back with that.
            guard let closing, ways < Self.cycleLimit || !toldKnots.contains(knot) else { continue }
            toldKnots.insert(knot)
            let target = closing.key(from: own.namespace)
            var cycle = [Edge(target: target, place: (drafts[index].path, closing.span.start))]
            if ways < Self.cycleLimit { cycle += way(from: target, to: own, graph) ?? [] }
            ways += 1
            told.formUnion(cycle.map(\.target))
            report(cycle, of: index, closing, own)
        }
    }

    private mutating func report(_ cycle: [Edge], of index: Int, _ reference: Reference, _ own: ObjectKey) {
        let names = ([own] + cycle.map(\.target)).map(\.description)
        let notes = zip(names, cycle).prefix(Self.stepLimit).compactMap { name, edge in
            edge.place.map {
                Diagnostic.Note(
                    path: $0.path,
                    position: $0.position,
                    message: "\(name) depends on \(edge.target)"
                )
            }
        }
        judge(index) { _, findings in
            findings.report(
                .cycle,
                at: reference.span,
                field: reference.field,
                "\(reference.field) must not form a cycle: \(names.joined(separator: " → "))",
                notes: notes
            )
        }
    }

    /// What leads where along dependencies and references.
    private func edges() -> [ObjectKey: [Edge]] {
        var edges: [ObjectKey: [Edge]] = [:]
        for (own, index) in byKey {
            let draft = drafts[index]
            edges[own] = draft.references.map {
                Edge(target: $0.key(from: own.namespace), place: (draft.path, $0.span.start))
            }
        }
        // Of what others declare, only the order of sources and the parts of work are known.
        for own in otherKeys(["GitSource", "WorkItem"]) {
            let spec = spec(own)
            let names = (spec?["dependsOn"]?.array ?? []) + [spec?["parentRef"]].compactMap(\.self)
            edges[own] = names.compactMap(\.string).map {
                Edge(target: ObjectKey(own.kind, namespace: own.namespace, name: $0), place: nil)
            }
        }
        return edges
    }

    /// The part of a graph that lies on cycles or leads to one: nothing, for most.
    private func circling(_ graph: [ObjectKey: [Edge]]) -> [ObjectKey: [Edge]] {
        var graph = graph
        var open = graph.mapValues { edges in edges.count { graph[$0.target] != nil } }
        var sources: [ObjectKey: [ObjectKey]] = [:]
        for (own, edges) in graph { for edge in edges { sources[edge.target, default: []].append(own) } }
        var pending = open.filter { $0.value == 0 }.map(\.key)
        while let done = pending.popLast() {
            graph[done] = nil
            for source in sources[done, default: []] {
                open[source, default: 0] -= 1
                if open[source] == 0 { pending.append(source) }
            }
        }
        return graph
    }

    /// The number of the knot in which an object lies: from each of a knot a way leads to each other of it.
    ///
    /// *Source*: R. Tarjan, "Depth-first search and linear graph algorithms", 1972; without recursion, since
    /// a chain may be as long as a source has objects.
    private func knots(_ graph: [ObjectKey: [Edge]]) -> [ObjectKey: Int] {
        var knots: [ObjectKey: Int] = [:]
        var order: [ObjectKey: Int] = [:]
        var lowest: [ObjectKey: Int] = [:]
        var open: [ObjectKey] = []
        for root in graph.keys where order[root] == nil {
            var path = [(key: root, edges: graph[root, default: []][...])]
            while let last = path.indices.last {
                let here = path[last].key
                if order[here] == nil {
                    order[here] = order.count
                    lowest[here] = order[here]
                    open.append(here)
                }
                if let next = path[last].edges.popFirst()?.target {
                    guard knots[next] == nil, let edges = graph[next] else { continue }
                    if let earlier = order[next] {
                        lowest[here] = min(lowest[here] ?? earlier, earlier)
                    } else {
                        path.append((next, edges[...]))
                    }
                    continue
                }
                path.removeLast()
                let low = lowest[here] ?? 0
                if let before = path.last?.key { lowest[before] = min(lowest[before] ?? low, low) }
                guard low == order[here] else { continue }
                while let member = open.popLast() {
                    knots[member] = low
                    if member == here { break }
                }
            }
        }
        return knots
    }

    /// The shortest way between two objects; nil when there is none.
    private func way(from start: ObjectKey, to end: ObjectKey, _ graph: [ObjectKey: [Edge]]) -> [Edge]? {
        var before: [ObjectKey: (from: ObjectKey, edge: Edge)] = [:]
        var level = [start]
        while !level.isEmpty, before[end] == nil, start != end {
            var next: [ObjectKey] = []
            for here in level {
                for edge in graph[here] ?? [] where edge.target != start && before[edge.target] == nil {
                    before[edge.target] = (here, edge)
                    next.append(edge.target)
                }
            }
            level = next
        }
        guard start == end || before[end] != nil else { return nil }
        var way: [Edge] = []
        var here = end
        while here != start, let step = before[here] {
            way.append(step.edge)
            here = step.from
        }
        return way.reversed()
    }
}
