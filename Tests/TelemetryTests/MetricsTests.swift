import Metrics
import Testing

@testable import Telemetry

@Suite struct MetricsTests {
    private let registry = MetricsRegistry(seriesLimit: 3, buckets: [1, 0.1])

    private func counter(_ name: String, _ labels: [(String, String)] = []) -> Counter {
        Counter(label: name, dimensions: labels, factory: registry)
    }

    @Test func `a registry without metrics is an empty page`() {
        #expect(registry.text().isEmpty)
    }

    @Test func `counters, gauges and histograms are shown as Prometheus reads them, sorted`() {
        let timer = Timer(label: "fetch", dimensions: [("source", "main")], factory: registry)
        timer.recordMilliseconds(50)
        timer.recordMilliseconds(500)
        timer.recordSeconds(5)
        Meter(label: "horizon.lag", factory: registry).set(1.5)
        counter("claims", [("pool", "b"), ("outcome", "granted")]).increment(by: 2)
        counter("claims", [("outcome", "none"), ("pool", "a")]).increment()
        counter("claims", [("outcome", "granted"), ("pool", "b")]).increment()
        #expect(
            registry.text() == """
                # HELP claims_total claims total
                # TYPE claims_total counter
                claims_total{outcome="granted",pool="b"} 3
                claims_total{outcome="none",pool="a"} 1
                # HELP fetch_seconds fetch seconds
                # TYPE fetch_seconds histogram
                fetch_seconds_bucket{source="main",le="0.1"} 1
                fetch_seconds_bucket{source="main",le="1"} 2
                fetch_seconds_bucket{source="main",le="+Inf"} 3
                fetch_seconds_sum{source="main"} 5.55
                fetch_seconds_count{source="main"} 3
                # HELP horizon_lag horizon lag
                # TYPE horizon_lag gauge
                horizon_lag 1.5

                """
        )
    }

    @Test func `an observation on a bound counts below it`() {
        let recorder = Recorder(label: "size", factory: registry)
        for value in [0.1, 1, 1.01] { recorder.record(value) }
        let buckets = registry.text().split(separator: "\n").filter { $0.hasPrefix("size_bucket") }
        #expect(buckets.map { $0.split(separator: " ").last } == ["1", "2", "3"])
    }

    @Test(arguments: [
        ("a\\b", "a\\\\b"), ("a\"b", "a\\\"b"), ("a\nb", "a\\nb"), ("a\r\nb", "a\r\\nb"),
        ("\"\u{301}", "\\\"\u{301}"), ("\\\u{301}", "\\\\\u{301}"), ("é{},=", "é{},="),
    ]) func `a label's value is escaped, so that it ends where it should`(value: String, shown: String) {
        counter("c", [("l", value)]).increment()
        let expected = "# HELP c_total c total\n# TYPE c_total counter\nc_total{l=\"\(shown)\"} 1\n"
        // Bytes, because texts are equal that Prometheus tells apart.
        #expect(Array(registry.text().utf8) == Array(expected.utf8))
    }

    @Test(arguments: [("a-b.c/d", "a_b_c_d"), ("9lives", "_9lives"), ("", "_"), ("é", "_"), ("a:b", "a:b")])
    func `a name is made legal`(label: String, name: String) {
        Meter(label: label, factory: registry).set(1)
        #expect(registry.text().hasSuffix("\n\(name) 1\n"))
    }

    @Test(arguments: [("a-b", "a_b"), ("a:b", "ab"), (":", "_"), (":9", "_9"), ("", "_")])
    func `a label's name is made legal`(label: String, name: String) {
        counter("c", [(label, "v")]).increment()
        #expect(registry.text().contains("c_total{\(name)=\"v\"} 1"))
    }

    @Test func `a name that is taken by another kind of metric is not shown twice`() {
        counter("a").increment()
        Meter(label: "a_total", factory: registry).set(9)
        #expect(registry.text() == "# HELP a_total a total\n# TYPE a_total counter\na_total 1\n")
    }

    @Test func `label values past the limit are counted together`() {
        for number in 0..<10 { counter("c", [("user", "\(number)")]).increment() }
        let lines = registry.text().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.last == "c_total{user=\"2\"} 1" && lines.count == 4)
        #expect(lines.first == "c_total{overflow=\"true\"} 7")
    }

    @Test func `numbers that are none stay out of counters and histograms, and are spelt in gauges`() {
        let total = FloatingPointCounter(label: "c", factory: registry)
        total.increment(by: 0.5)
        total.increment(by: Double.nan)
        total.increment(by: Double.infinity)
        Recorder(label: "h", factory: registry).record(Double.nan)
        let gauge = Meter(label: "g", factory: registry)
        #expect(registry.text().contains("c_total 0.5\n") && registry.text().contains("h_count 0\n"))
        for (value, text) in [(Double.infinity, "+Inf"), (-Double.infinity, "-Inf"), (Double.nan, "NaN")] {
            gauge.set(value)
            #expect(registry.text().contains("\ng \(text)\n"))
        }
    }

    @Test func `a counter that was released goes on where it was`() {
        counter("c").increment()
        counter("c").destroy()
        counter("c").increment()
        #expect(registry.text().hasSuffix("c_total 2\n"))
    }

    @Test func `counts of many writers at once are not lost`() async {
        let shared = counter("c")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { for _ in 0..<500 { shared.increment() } } }
        }
        #expect(registry.text().hasSuffix("c_total 10000\n"))
    }
}
