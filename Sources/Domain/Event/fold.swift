/// The facts that follow from a snapshot and the events after it; must equal the facts of the rows.
///
/// Each event is a JSON merge patch of its subject's facts, so folding needs no rule of any machine.
package func fold(_ snapshot: [FactKey: Value], _ events: some Sequence<RunEvent>) -> [FactKey: Value] {
    var facts = snapshot
    for event in events { facts[event.subject] = (facts[event.subject] ?? .object([:])).merging(event.facts) }
    return facts
}
