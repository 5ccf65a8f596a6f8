/// The limits by which the fleet judges its runtimes.
package struct FleetSettings: Sendable, Equatable {
    /// From a start until the runtime must have registered.
    package var bootDeadline: Duration = .seconds(60)
    /// A registered runtime that is silent for longer is hung.
    package var hungAfter: Duration = .seconds(180)
    /// After the control plane came back, how long runtimes have to be heard again before silence counts.
    package var reunion: Duration = .seconds(30)
    /// The pause after the first failure of a pool; it doubles with each further one.
    package var firstPause: Duration = .seconds(1)
    /// The longest pause.
    package var longestPause: Duration = .seconds(120)
    /// A pool without a failure for so long begins with the first pause again.
    package var stableAfter: Duration = .seconds(300)
    /// An idle runtime above the pool's minimum is removed after so long.
    package var warmIdle: Duration = .seconds(300)
    package var coldIdle: Duration = .seconds(60)
    /// How long a runtime that is asked to end may take once it is seen without work.
    package var idleDrain: Duration = .seconds(30)
    /// The grace of a runtime whose pool is gone or says nothing readable.
    package var defaultGrace: Duration = .seconds(120)

    /// The settings of the design; a test shortens them.
    package init() {}
}
