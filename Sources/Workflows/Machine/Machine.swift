/// A state machine as data: which event leads from which state to which.
///
/// The tables are the whole of the rules about states; a test walks every arrow and compares the arrows with
/// the table of the design, and a check constraint in Postgres holds the states.
package struct Machine<State: Hashable & Sendable, Event: Hashable & Sendable & CaseIterable>: Sendable {
    /// One row per event: the states it is legal in and where each leads.
    package let table: [Event: [State: State]]

    init(_ table: [Event: [State: State]]) { self.table = table }

    /// Where an event leads, or nil when it is not legal in that state.
    package func target(of event: Event, in state: State) -> State? { table[event]?[state] }
}

/// A row that leads from several states to one.
func from<State: Hashable>(_ states: State..., to target: State) -> [State: State] {
    Dictionary(uniqueKeysWithValues: states.map { ($0, target) })
}
