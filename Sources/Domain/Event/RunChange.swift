/// What one command does to a run: written as rows, events and changes in one transaction.
package struct RunChange: Sendable, Hashable {
    /// The run afterwards; rows that differ from before are written.
    package var run: Run
    /// In order; they fold into the rows.
    package var events: [RunEvent]
    /// The status of the declared Workflow afterwards.
    package var status: Value
    /// Leases to set, by attempt, counted from the transaction's own time.
    package var leases: [UID: Duration]
    /// Keys to look at again.
    package var marks: [Mark]

    /// A change of its parts.
    package init(
        run: Run,
        events: [RunEvent],
        status: Value,
        leases: [UID: Duration] = [:],
        marks: [Mark] = []
    ) {
        self.run = run
        self.events = events
        self.status = status
        self.leases = leases
        self.marks = marks
    }
}
