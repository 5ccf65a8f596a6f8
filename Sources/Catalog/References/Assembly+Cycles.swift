internal import Domain

/// One step of a way from object to object.
private struct Edge {
    let target: ObjectKey
    /// Where the target is named; nil for what another source declares.
    let place: (path: String, position: TextPosition)?
}

// Orders that cannot be kept: what waits for itself.
extension Assembly {
    /// How many cycles are told, and how many steps of each: a hostile source has thousands.
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
        var told: Set<ObjectKey> = []
        var searches = 0
        for index in drafts.indices {
            let own = key(drafts[index])
            guard byKey[own] == index, graph[own] != nil, !told.contains(own) else { continue }
            for reference in drafts[index].references where reference.isDependency {
                let target = reference.key(from: own.namespace)
                searches += 1
                guard searches <= 10 * Self.cycleLimit else { return }
                guard let way = way(from: target, to: own, graph) else { continue }
                let first = Edge(target: target, place: (drafts[index].path, reference.span.start))
                told.formUnion(([first] + way).map(\.target))
                report([first] + way, of: index, reference, own)
                break
            }
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
