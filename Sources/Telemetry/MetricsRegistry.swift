package import Metrics
internal import Synchronization

/// Holds a process's metrics and shows them in the Prometheus text format.
///
/// Labels are bounded: past `seriesLimit` series of one metric, new label values are counted together in one
/// series labelled `overflow="true"`.
package final class MetricsRegistry: MetricsFactory, Sendable {
    private let families = Mutex<[String: Family]>([:])
    private let seriesLimit: Int
    private let buckets: [Double]

    /// A registry whose histograms have these upper bounds, in seconds for timers.
    package init(
        seriesLimit: Int = 200,
        buckets: [Double] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800]
    ) {
        self.seriesLimit = seriesLimit
        self.buckets = buckets.sorted()
    }

    /// All metrics as text, sorted by name and labels (Prometheus exposition format 0.0.4).
    package func text() -> String {
        families.withLock { families in
            families.sorted { $0.key < $1.key }.map { $0.value.text(name: $0.key) }.joined()
        }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        CounterSeries(series(counterName(label), .counter, dimensions))
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        FloatingCounterSeries(series(counterName(label), .counter, dimensions))
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        GaugeSeries(series(metricName(label), .gauge, dimensions))
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? HistogramSeries(series(metricName(label), .histogram, dimensions))
            : GaugeSeries(series(metricName(label), .gauge, dimensions))
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let name = metricName(label)
        return HistogramSeries(
            series(name.hasSuffix("_seconds") ? name : "\(name)_seconds", .histogram, dimensions)
        )
    }

    // Series live as long as the process: a scraper must not see a counter vanish and start anew.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func counterName(_ label: String) -> String {
        let name = metricName(label)
        return name.hasSuffix("_total") ? name : "\(name)_total"
    }

    private func series(_ name: String, _ kind: Family.Kind, _ dimensions: [(String, String)]) -> Series {
        let labels = Labels(dimensions)
        return families.withLock { families in
            var family = families[name] ?? Family(kind: kind)
            // A name that already means something else is counted but not shown, or the text would be
            // invalid.
            guard family.kind == kind else { return Series(bounds: buckets) }
            let isFull = family.series[labels] == nil && family.series.count >= seriesLimit
            let key = isFull ? Labels([("overflow", "true")]) : labels
            let series = family.series[key] ?? Series(bounds: kind == .histogram ? buckets : [])
            family.series[key] = series
            families[name] = family
            return series
        }
    }
}

/// A metric with all its label values.
private struct Family {
    enum Kind: String { case counter, gauge, histogram }

    let kind: Kind
    var series: [Labels: Series] = [:]

    func text(name: String) -> String {
        let lines = series.sorted { $0.key.text < $1.key.text }.flatMap { labels, series in
            kind == .histogram ? series.histogram(name, labels) : [series.single(name, labels)]
        }
        return
            "# HELP \(name) \(name.split(separator: "_").joined(separator: " "))\n# TYPE \(name) "
            + "\(kind.rawValue)\n"
            + lines.joined(separator: "\n") + "\n"
    }
}

/// The labels of one series, sorted and escaped: `a="b",c="d"`.
private struct Labels: Hashable {
    let text: String

    init(_ dimensions: [(String, String)]) {
        let unique = Dictionary(
            dimensions.map { (metricName($0.0.filter { $0 != ":" }), $0.1) },
            uniquingKeysWith: { _, later in later }
        )
        text = unique.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
            .joined(separator: ",")
    }

    /// By scalars, because a quote with an accent, or a line feed after a carriage return, is another
    /// character and ends the value all the same.
    private static func escaped(_ value: String) -> String {
        value.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(scalar)
            }
        }.joined()
    }
}

/// A legal name of a metric: other characters become `_`.
private func metricName(_ label: String) -> String {
    let name = String(
        label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") ? $0 : "_" }
    )
    return name.first.map { $0.isNumber } ?? true ? "_\(name)" : name
}

/// The numbers of one series.
private final class Series: Sendable {
    private struct State {
        var value = 0.0
        var counts: [Int]
        var count = 0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count)))
    }

    func add(_ amount: Double) { state.withLock { $0.value += amount } }
    func set(_ value: Double) { state.withLock { $0.value = value } }

    func observe(_ value: Double) {
        guard value.isFinite else { return }
        state.withLock { state in
            state.value += value
            state.count += 1
            if let place = bounds.firstIndex(where: { value <= $0 }) { state.counts[place] += 1 }
        }
    }

    func single(_ name: String, _ labels: Labels) -> String {
        let value = state.withLock { $0.value }
        return "\(name)\(braced(labels.text)) \(number(value))"
    }

    func histogram(_ name: String, _ labels: Labels) -> [String] {
        let (sum, count, counts) = state.withLock { ($0.value, $0.count, $0.counts) }
        let prefix = labels.text.isEmpty ? "" : labels.text + ","
        var total = 0
        let lines = zip(bounds, counts).map { bound, count in
            total += count
            return "\(name)_bucket{\(prefix)le=\"\(number(bound))\"} \(total)"
        }
        return lines + [
            "\(name)_bucket{\(prefix)le=\"+Inf\"} \(count)",
            "\(name)_sum\(braced(labels.text)) \(number(sum))",
            "\(name)_count\(braced(labels.text)) \(count)",
        ]
    }

    private func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

    private func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
    }
}

private final class CounterSeries: CounterHandler {
    private let series: Series
    init(_ series: Series) { self.series = series }
    func increment(by amount: Int64) { series.add(Double(max(0, amount))) }
    func reset() { series.set(0) }
}

private final class FloatingCounterSeries: FloatingPointCounterHandler {
    private let series: Series
    init(_ series: Series) { self.series = series }
    func increment(by amount: Double) { if amount.isFinite { series.add(max(0, amount)) } }
    func reset() { series.set(0) }
}

private final class GaugeSeries: MeterHandler, RecorderHandler {
    private let series: Series
    init(_ series: Series) { self.series = series }
    func set(_ value: Int64) { series.set(Double(value)) }
    func set(_ value: Double) { series.set(value) }
    func increment(by amount: Double) { series.add(amount) }
    func decrement(by amount: Double) { series.add(-amount) }
    func record(_ value: Int64) { series.set(Double(value)) }
    func record(_ value: Double) { series.set(value) }
}

private final class HistogramSeries: RecorderHandler, TimerHandler {
    private let series: Series
    init(_ series: Series) { self.series = series }
    func record(_ value: Int64) { series.observe(Double(value)) }
    func record(_ value: Double) { series.observe(value) }
    func recordNanoseconds(_ duration: Int64) { series.observe(Double(duration) / 1_000_000_000) }
}
