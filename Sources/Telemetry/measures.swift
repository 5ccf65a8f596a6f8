internal import Metrics

/// Adds to a counter of the process.
package func count(_ label: String, _ amount: Int = 1) { Counter(label: label).increment(by: amount) }

/// Adds how long something took to a histogram of the process.
package func time(_ label: String, _ dimensions: [(String, String)], _ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    Timer(label: label, dimensions: dimensions)
        .recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
}
